//! English.

use super::{Notice, Words};

pub(super) const WORDS: Words = Words {
    blank_shop: "[name of the shop]",
    blank_contact: "[how to reach you about data protection]",
    notices_title: "Notices",
    parameters_title: "How recommendations are ordered",
    parameters_introduction: "These are the main parameters that decide the order of recommendations, the weightiest first. The \
                              calculation runs on your phone.",
    weights: ["Does not count", "Counts a little", "Counts moderately", "Counts a lot", "Decides first"],
    notices: [
        Notice {
            title: "Without personalisation",
            short: "What you do is not remembered. Recommendations follow what is on the screen, what is popular and what \
                    is new.",
            full: &[
                "You can change this at any time. If you came from another setting, your history has been erased; the \
                    receipts of your answers stay.",
            ],
        },
        Notice {
            title: "This visit only",
            short: "Recommendations follow what you do in this visit. It stays in the phone's memory and is gone when you \
                    close the app, or when you come back after {session_idle_minutes} minutes or more.",
            full: &[
                "What is used: the items and categories you look at, what you search for, your cart and wish list, what you \
                 buy, return and rate, and what you say does not interest you. Not used: what you pay. Nothing is learned from sensitive categories such as health, religion or sexual life.",
                "Where: in this phone's memory. None of it is written to storage, and none of it leaves the phone.",
                "What for: to order recommendations, and to count on the phone which of them you choose.",
            ],
        },
        Notice {
            title: "Remembered on this phone",
            short: "What you do in this app is remembered on this phone, encrypted, for {retention_days} days or {max_events} \
                    events, whichever ends first. Recommendations are computed on the phone. The history does not leave it.",
            full: &[
                "What is remembered: the items and categories you look at, what you search for, your cart and wish list, what \
                 you buy, return and rate, what you say does not interest you, each with its time, and the categories you \
                 choose to see more of or never. Not remembered: what you pay. Nothing is learned from sensitive categories such as health, religion or sexual life.",
                "Where: in encrypted files on this phone. The phone's own key store keeps the keys.",
                "How long: {retention_days} whole days, and never more than {max_events} events; the oldest go first. What is \
                 past its time goes when you next use the app. The categories you set yourself stay until you change them or \
                 switch this off.",
                "What for: to order recommendations, and to count on the phone which of them you choose.",
                "Who can read it: you, in the app. The app needs it on the phone to make recommendations and to show it to \
                 you. The shop's servers do not get it.",
                "If your consent runs out, the history stays locked and unused for {grace_days} days in case you agree again, \
                 and is erased when you next use the app after that.",
            ],
        },
        Notice {
            title: "Remembered here, and a little shared",
            short: "As \"Remembered on this phone\". In addition the shop gets, at most once in each period of {epoch_days} days, a report of \
                    {topics_per_report} out of {topics} broad topics. Chance has such a hand in it that nobody can be sure from \
                    a report what interests you.",
            full: &[
                "Everything that holds for \"Remembered on this phone\" holds here: {retention_days} days or {max_events} \
                 events, encrypted; locked for {grace_days} days and then erased if your consent runs out. What you pay is \
                 not remembered.",
                "What leaves the phone: {report_bytes} bytes with {topics_per_report} of {topics} broad topics, such as sports or \
                 furniture, which list of topics and which method was used, and the period of {epoch_days} days. No item, no search, no price, no name, and no number that stands for you or your phone.",
                "How chance protects you: one of your last {slots} different items of the last {epoch_days} days is drawn, and its topic is only more \
                 likely, never certain, to be in the report. Every report is at most {max_ratio} times as likely for you as \
                 for anybody else (in the language of statistics: epsilon {epsilon}). Sensitive topics are never among them, and topics that tell of a baby only if you allow them separately.",
                "How often: at most once in each period of {epoch_days} days and {max_reports} times in all; all reports together have at most \
                 epsilon {max_epsilon}. The app can show you each report before it is sent.",
                "What for: so that the shop sees which topics are in demand among all who share. Your own recommendations do \
                 not get better by it.",
                "If you switch it off, a report that was not sent is dropped. One that was sent cannot be found again, because \
                 nothing in it leads to you. The phone remembers which reports there were, so that the limits hold.",
            ],
        },
    ],
    rights: &[
        "You decide: in the app you can look at what is kept, correct it, delete single things or everything, pause it, or \
         switch it off at any time. Switching it off erases the history at once.",
        "Your answer counts for {consent_months} months ({consent_days} days); then you are asked again. The phone keeps a \
         receipt of each of your last {max_receipts} answers. It says nothing about what you did, and you can take it along.",
        "It is voluntary and rests on your consent (Art. 6(1)(a) GDPR). You can withdraw it as easily as you gave it; what was \
         done until then stays lawful. {shop} answers for the app: {contact}. You can also complain to a data protection \
         authority.",
    ],
};
