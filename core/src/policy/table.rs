//! The table itself: what the engine does, sentence by sentence, with the numbers filled in.

use super::{
    ErasurePolicy, KeptData, Language, LeavingData, LevelPolicy, NeverKept, Numbers, Place, Policy,
    PurposePolicy, Reader, events, fill,
};
use crate::consent::{PersonalizationLevel, Purpose};
use crate::sensitive::SensitiveTopic;

use PersonalizationLevel::{Off, OnDevice, Session, Shared};
use Purpose::{History, Measure, Personalise, Share};

/// What all consented purposes rest on.
const CONSENT: &str = "Consent: GDPR Art. 6(1)(a); for keeping on and reading from the phone also ePrivacy Directive Art. 5(3).";

/// Name, content, whether it is behaviour, lowest level, place, purposes, how long.
type KeptRow =
    (&'static str, &'static str, bool, PersonalizationLevel, Place, &'static [Purpose], &'static str);

const KEPT: &[KeptRow] = &[
    (
        "history",
        "Events, each with its time and the fields listed for its kind. Searches are kept as typed.",
        true,
        Session,
        Place::MemoryThenSealedFile,
        &[History, Personalise],
        "At Session until the app closes the engine, or the first call after {session_idle_minutes} idle minutes. From \
         OnDevice on {retention_days} whole days in UTC and what has passed of the current one, and at most {max_events} \
         events; when there are more, the oldest tenth goes. When the consent ends it stays sealed and unused for \
         {grace_days} days and then goes. What is past its time goes at the first call after it: an app that is not opened \
         erases nothing.",
    ),
    (
        "profile",
        "The newest {signals} signals, the cart, the wish list, purchases and dislikes, computed from the history.",
        true,
        Session,
        Place::Memory,
        &[Personalise],
        "As long as the events it is computed from; never written.",
    ),
    (
        "interests",
        "Up to {max_interests} categories that the shopper set to be shown more or never.",
        true,
        Session,
        Place::MemoryThenSealedFile,
        &[Personalise],
        "Until the shopper sets them to neutral, forgets the category or everything, or lowers the level; the days of the history do not \
         count for them.",
    ),
    (
        "visit",
        "Which items were shown and when, up to {max_shown}; how many recommendations of each kind were given and chosen.",
        true,
        Session,
        Place::Memory,
        &[Personalise, Measure],
        "Until the visit ends, the level is lowered or something is forgotten.",
    ),
    (
        "explanations",
        "Why each item of an answer was chosen, which may name items the shopper looked at or bought.",
        true,
        Session,
        Place::Memory,
        &[Personalise],
        "As long as the answer they belong to.",
    ),
    (
        "answers",
        "The last {max_answers} answers and what the app asked for, to continue and to explain them. At Off they are made \
         without the person.",
        false,
        Off,
        Place::Memory,
        &[],
        "Until the visit ends, the level is lowered or something is forgotten.",
    ),
    (
        "consent",
        "The level, what caps it (age protection, a consent platform), pausing, and the last {max_receipts} receipts: \
         level, time, end, and version, hash, language and place of the notice. Begins with the first answer.",
        false,
        Off,
        Place::SealedFile,
        &[],
        "Until the profile is deleted or the store is reset; outlives every other erasure, because it shows what was \
         agreed to. The consent itself ends after {consent_days} days.",
    ),
    (
        "profile name",
        "The name by which the app tells people on one phone apart.",
        false,
        Off,
        Place::SealedFile,
        &[],
        "Until the profile is deleted or the store is reset.",
    ),
    (
        "sharing ledger",
        "For each report: its epoch, its cost, its bytes, for which profile it was drawn, when it is offered and what became of it; \
         and whether topics that tell of a baby may enter reports.",
        true,
        Shared,
        Place::SealedFile,
        &[Share],
        "As long as the installation, also after opting out, forgetting and a reset, so that the caps hold. The bytes of a report that \
         never left go with the consent, all bytes with the profile or a reset.",
    ),
    (
        "catalogue",
        "The shop's items as the app described them, and which model packs were installed. Nothing about the person.",
        false,
        Off,
        Place::SealedFile,
        &[],
        "Until the app removes them or resets the store.",
    ),
    (
        "keys",
        "One random key for each sealed file.",
        false,
        Off,
        Place::KeyStore,
        &[],
        "As long as the file; a key goes before its file.",
    ),
];

const NEVER_KEPT: &[(&str, &str)] = &[
    (
        "Prices that were paid or seen, and their currency",
        "An event may carry them; they are checked and dropped before anything is kept.",
    ),
    ("The answer and the place in it that an event came from", "They are counted in memory and dropped."),
    (
        "What is done with items of sensitive categories: {sensitive}",
        "The engine knows such categories by their ids and names, and searches by their words; the list is built in, a shop \
         can add to it and cannot take away. Only that the shopper is not interested in something is kept there.",
    ),
    (
        "Anything readable in a file",
        "Every file of the engine is sealed with a key that the phone's key store keeps.",
    ),
    (
        "Name, address, e-mail, telephone number, payment data, location, contacts, age, device or advertising ids",
        "There is no field for them and the phone is not asked for them. Of age only a yes or no is kept, when the app \
         says that the shopper is a child or of unknown age. An app must not put such things into an id or a search.",
    ),
];

const READERS: &[(&str, &str)] = &[
    (
        "The shopper",
        "Everything: history, profile, receipts and reasons, in the app, at any level that holds them.",
    ),
    (
        "The app",
        "The same, on the phone and while it runs, to show it to the shopper. The engine gives it to nobody else.",
    ),
    ("The shop's servers", "Nothing, but for the report at level Shared, if the app sends it."),
    (
        "Whoever the shopper gives an export to",
        "What the shopper exported: a readable document of everything, or a file for a new phone that needs a passphrase.",
    ),
    ("The makers of the engine", "Nothing. The engine has no network and there is no service behind it."),
    (
        "Others with the phone's files or a backup of them",
        "That there is a history and how large it is; nothing in it without the keys.",
    ),
];

const ERASURES: &[(&str, &str)] = &[
    (
        "Lowering the level to Session or Off",
        "History, profile and interests: the key first, then the file, before the call returns. What could not be erased \
         yet is marked, tried again at every start and used for nothing.",
    ),
    (
        "Forgetting an event, an item, a category, a time or everything",
        "Exactly that, in memory and in the file, which is written anew under a new key.",
    ),
    (
        "Time",
        "Events after {retention_days} days or beyond {max_events}; a whole history {grace_days} days after its consent ended.",
    ),
    ("Deleting a profile", "Its history, its consent, its receipts and the bytes of its reports."),
    (
        "Resetting the store",
        "Everything, the keys first; that so much was spent on reports stays, without a byte of what they said.",
    ),
    ("Removing the app", "The system removes the files; a key that outlives them opens nothing."),
];

/// The topics of sensitive categories, in the order of the list.
fn sensitive_topics() -> String {
    let name = |topic: &SensitiveTopic| match topic {
        SensitiveTopic::Health => "health",
        SensitiveTopic::Disability => "disability",
        SensitiveTopic::Sexuality => "sexual life",
        SensitiveTopic::Pregnancy => "pregnancy",
        SensitiveTopic::Religion => "religion",
        SensitiveTopic::Politics => "politics",
        SensitiveTopic::Ethnicity => "ethnic origin",
        SensitiveTopic::Union => "trade unions",
        SensitiveTopic::Debt => "debt",
        SensitiveTopic::Gambling => "gambling",
        SensitiveTopic::Own => "what the shop adds",
    };
    let topics = [
        SensitiveTopic::Health,
        SensitiveTopic::Disability,
        SensitiveTopic::Sexuality,
        SensitiveTopic::Pregnancy,
        SensitiveTopic::Religion,
        SensitiveTopic::Politics,
        SensitiveTopic::Ethnicity,
        SensitiveTopic::Union,
        SensitiveTopic::Debt,
        SensitiveTopic::Gambling,
        SensitiveTopic::Own,
    ];
    topics.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn what_for(purpose: Purpose) -> &'static str {
    match purpose {
        History => "Keeping what the shopper did in the app, on this phone, so that later visits can use it.",
        Personalise => "Ranking recommendations by it, on this phone.",
        Measure => "Counting, on this phone and for this visit, which recommendations were chosen.",
        Share => "Telling the shop, in a coarse and deliberately noisy report, which topics are in demand.",
    }
}

fn level_words(level: PersonalizationLevel) -> (&'static str, &'static str) {
    match level {
        Off => {
            ("Nothing.", "The request alone: the item or cart on the screen, what is popular, what is new.")
        }
        Session => (
            "What happens in this visit, in memory; gone when the app closes, or at the first use after {session_idle_minutes} idle minutes.",
            "The request and this visit.",
        ),
        OnDevice => (
            "A sealed history on this phone, {retention_days} days or {max_events} events, whichever ends first.",
            "The request and the history.",
        ),
        Shared => (
            "The same, and at most one report of {report_bytes} bytes to the shop in each period of {epoch_days} days.",
            "The request and the history.",
        ),
    }
}

fn report(text: impl Fn(&str) -> String) -> LeavingData {
    LeavingData {
        name: "report".to_owned(),
        from_level: Shared,
        what: text(
            "{topics_per_report} of {topics} coarse topics, drawn at random: the topic of one of the shopper's last {slots} \
             different items in {epoch_days} days is more likely than others to be among them, and never sure to be. The version and the parameters of the method, the list of topics it refers to, and the epoch. \
             {report_bytes} bytes, always.",
        ),
        what_not: text(
            "No id of a person, phone or installation, no item, no search, no price, no count, no time finer than \
             {epoch_days} days.",
        ),
        how_often: text(
            "At most one in each period of {epoch_days} days, {reports_per_four_epochs} in any four such periods and {max_reports} ever \
             from one installation; offered to the app within {offer_within_days} days of being drawn.",
        ),
        privacy_loss: text(
            "Any report is at most {max_ratio} times as likely for one shopper as for any other: epsilon {epsilon}, as a \
             local guarantee on the phone. All reports together: at most {max_epsilon}.",
        ),
        to_whom: text(
            "The app fetches it, may show it first, and sends it to the shop. The engine itself cannot send anything.",
        ),
    }
}

impl Policy {
    /// The policy of an app with these limits whose level is never above `max_level`.
    #[must_use]
    pub fn new(numbers: Numbers, max_level: PersonalizationLevel) -> Self {
        let mut words = numbers.words(Language::English);
        words.push(("sensitive", sensitive_topics()));
        let text = |template: &str| fill(template, &words);
        let steps = || [Off, Session, OnDevice, Shared].into_iter().filter(|level| *level <= max_level);
        let allowed = max_level.purposes();
        let kept = KEPT.iter().filter(|row| row.3 <= max_level);
        Self {
            max_level,
            levels: steps()
                .map(|level| {
                    let (keeps, recommends_from) = level_words(level);
                    let (keeps, recommends_from) = (text(keeps), text(recommends_from));
                    LevelPolicy { level, keeps, recommends_from, purposes: level.purposes().to_vec() }
                })
                .collect(),
            events: events::events(),
            kept: kept
                .map(|&(name, what, is_behaviour, from_level, place, purposes, how_long)| KeptData {
                    name: name.to_owned(),
                    what: text(what),
                    is_behaviour,
                    from_level,
                    place,
                    purposes: purposes.iter().copied().filter(|purpose| allowed.contains(purpose)).collect(),
                    how_long: text(how_long),
                })
                .collect(),
            leaves: if max_level >= Shared { vec![report(text)] } else { Vec::new() },
            never_kept: NEVER_KEPT
                .iter()
                .map(|(what, because)| NeverKept { what: text(what), because: text(because) })
                .collect(),
            purposes: allowed
                .iter()
                .map(|&purpose| PurposePolicy {
                    purpose,
                    what_for: what_for(purpose).to_owned(),
                    levels: steps().filter(|level| level.purposes().contains(&purpose)).collect(),
                    legal_basis: CONSENT.to_owned(),
                })
                .collect(),
            readers: READERS
                .iter()
                .map(|(who, reads)| Reader { who: text(who), reads: text(reads) })
                .collect(),
            erasures: ERASURES
                .iter()
                .map(|(by, erases)| ErasurePolicy { by: text(by), erases: text(erases) })
                .collect(),
            numbers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::policy;

    /// Every sentence of a policy.
    fn text(policy: &Policy) -> String {
        let mut text = serde_json::to_value(policy).unwrap();
        text.as_object_mut().unwrap().remove("numbers");
        text.to_string()
    }

    #[test]
    fn nothing_of_a_person_is_kept_at_off_and_nothing_leaves_below_shared() {
        let policy = policy();
        assert!(policy.kept.iter().all(|kept| !kept.is_behaviour || kept.from_level > Off));
        assert!(policy.kept.iter().all(|kept| kept.from_level > Off || kept.purposes.is_empty()));
        assert!(policy.leaves.iter().all(|leaving| leaving.from_level == Shared));
        let capped = Policy::new(Numbers::default(), OnDevice);
        assert!(capped.leaves.is_empty() && capped.levels.len() == 3 && capped.purposes.len() == 3);
        assert!(!text(&capped).contains("Shared\",\"keeps"));
    }

    #[test]
    fn every_sentence_is_filled_and_states_no_number_of_its_own() {
        assert!(!text(&policy()).contains("{retention") && !text(&policy()).contains("{max_"));
        let templates = KEPT.iter().flat_map(|row| [row.1, row.6]);
        let templates =
            templates.chain(ERASURES.iter().chain(READERS).chain(NEVER_KEPT).flat_map(|row| [row.0, row.1]));
        for template in templates.chain([Off, Session, OnDevice, Shared].into_iter().flat_map(|level| {
            let (keeps, from) = level_words(level);
            [keeps, from]
        })) {
            assert!(!template.contains(|c: char| c.is_ascii_digit()), "{template}");
            let mut words = Numbers::default().words(Language::English);
            words.push(("sensitive", sensitive_topics()));
            let filled = fill(template, &words);
            assert!(!filled.contains('{'), "{filled}");
        }
    }

    #[test]
    fn a_changed_number_changes_the_sentences() {
        let before = text(&policy());
        for change in [
            |numbers: &mut Numbers| numbers.retention_days += 1,
            |numbers: &mut Numbers| numbers.max_events += 1,
            |numbers: &mut Numbers| numbers.grace_days += 1,
            |numbers: &mut Numbers| numbers.max_ratio += 1,
            |numbers: &mut Numbers| numbers.max_units += 3,
            |numbers: &mut Numbers| numbers.max_receipts += 1,
        ] {
            let mut numbers = Numbers::default();
            change(&mut numbers);
            assert_ne!(text(&Policy::new(numbers, Shared)), before);
        }
    }
}
