//! German.

use super::{Notice, Words};

pub(super) const WORDS: Words = Words {
    blank_shop: "[Name des Shops]",
    blank_contact: "[Kontakt für Fragen zum Datenschutz]",
    notices_title: "Hinweise",
    parameters_title: "Wie Empfehlungen geordnet werden",
    parameters_introduction: "Das sind die wichtigsten Kriterien, nach denen Empfehlungen geordnet werden, das gewichtigste zuerst. \
                              Gerechnet wird auf deinem Handy.",
    weights: ["Zählt nicht", "Zählt ein wenig", "Zählt mäßig", "Zählt viel", "Entscheidet zuerst"],
    notices: [
        Notice {
            title: "Ohne Personalisierung",
            short: "Was du tust, wird nicht gemerkt. Empfehlungen richten sich nach dem, was auf dem \
                    Bildschirm ist, was beliebt und was neu ist.",
            full: &[
                "Du kannst das jederzeit ändern. Falls du vorher eine andere Einstellung hattest, ist dein Verlauf \
                 gelöscht; die Belege deiner Antworten bleiben.",
            ],
        },
        Notice {
            title: "Nur dieser Besuch",
            short: "Empfehlungen richten sich nach dem, was du bei diesem Besuch tust. Das bleibt im Arbeitsspeicher des Handys \
                    und ist weg, wenn du die App schließt oder nach {session_idle_minutes} Minuten oder mehr zurückkommst.",
            full: &[
                "Was genutzt wird: die Artikel und Kategorien, die du ansiehst, wonach du suchst, dein Warenkorb und deine \
                 Wunschliste, was du kaufst, zurückgibst und bewertest und was dich nach deinen Angaben nicht interessiert. \
                 Nicht genutzt wird, was du bezahlst. Aus sensiblen Kategorien wie Gesundheit, Religion oder Sexualleben wird nichts gelernt.",
                "Wo: im Arbeitsspeicher dieses Handys. Nichts davon wird dauerhaft gespeichert und nichts davon verlässt das \
                 Handy.",
                "Wofür: um Empfehlungen zu ordnen und um auf dem Handy zu zählen, welche davon du auswählst.",
            ],
        },
        Notice {
            title: "Auf diesem Handy gemerkt",
            short: "Was du in dieser App tust, merkt sich dieses Handy verschlüsselt, {retention_days} Tage oder {max_events} \
                    Ereignisse lang, je nachdem, was zuerst erreicht ist. Empfehlungen werden auf dem Handy berechnet. Der \
                    Verlauf verlässt es nicht.",
            full: &[
                "Was gemerkt wird: die Artikel und Kategorien, die du ansiehst, wonach du suchst, dein Warenkorb und deine \
                 Wunschliste, was du kaufst, zurückgibst und bewertest, was dich nach deinen Angaben nicht interessiert, jeweils \
                 mit dem Zeitpunkt, und die Kategorien, von denen du mehr oder nie etwas sehen willst. Nicht gemerkt wird, was \
                 du bezahlst. Aus sensiblen Kategorien wie Gesundheit, Religion oder Sexualleben wird nichts gelernt.",
                "Wo: in verschlüsselten Dateien auf diesem Handy. Die Schlüssel liegen im Schlüsselspeicher des Handys.",
                "Wie lange: {retention_days} ganze Tage und nie mehr als {max_events} Ereignisse; die ältesten gehen zuerst. Was \
                 seine Zeit hatte, wird gelöscht, wenn du die App das nächste Mal benutzt. Kategorien, die du selbst eingestellt \
                 hast, bleiben, bis du sie änderst oder das hier ausschaltest.",
                "Wofür: um Empfehlungen zu ordnen und um auf dem Handy zu zählen, welche davon du auswählst.",
                "Wer es lesen kann: du, in der App. Die App braucht es auf dem Handy, um zu empfehlen und um es dir zu zeigen. \
                 Die Server des Shops bekommen es nicht.",
                "Läuft deine Einwilligung ab, bleibt der Verlauf noch {grace_days} Tage verschlossen und ungenutzt, falls du \
                 wieder zustimmst, und wird gelöscht, wenn du die App danach das nächste Mal benutzt.",
            ],
        },
        Notice {
            title: "Hier gemerkt und ein wenig geteilt",
            short: "Wie „Auf diesem Handy gemerkt“. Zusätzlich bekommt der Shop höchstens einmal je Zeitraum von {epoch_days} Tagen einen \
                    Bericht mit {topics_per_report} von {topics} groben Themen. Der Zufall mischt so stark mit, dass niemand \
                    aus einem Bericht sicher schließen kann, was dich interessiert.",
            full: &[
                "Alles, was für „Auf diesem Handy gemerkt“ gilt, gilt auch hier: {retention_days} Tage oder {max_events} \
                 Ereignisse, verschlüsselt; läuft deine Einwilligung ab, {grace_days} Tage verschlossen und dann gelöscht. Was \
                 du bezahlst, wird nicht gemerkt.",
                "Was das Handy verlässt: {report_bytes} Byte mit {topics_per_report} von {topics} groben Themen wie Sport oder \
                 Möbel, welche Themenliste und welches Verfahren benutzt wurde, und der Zeitraum von {epoch_days} Tagen. Kein \
                 Artikel, keine Suche, kein Preis, kein Name und keine Nummer von dir oder deinem Handy.",
                "Wie der Zufall dich schützt: Einer deiner letzten {slots} verschiedenen Artikel aus {epoch_days} Tagen wird gezogen, und sein Thema \
                 steht nur mit höherer Wahrscheinlichkeit, nie sicher im Bericht. Jeder Bericht ist bei dir höchstens \
                 {max_ratio}-mal so wahrscheinlich wie bei irgendjemand anderem (in der Sprache der Statistik: Epsilon {epsilon}). Sensible Themen kommen nie vor und Themen, die auf ein Baby schließen lassen, nur, wenn du sie eigens erlaubst.",
                "Wie oft: höchstens einmal je Zeitraum von {epoch_days} Tagen und {max_reports}-mal insgesamt; alle Berichte zusammen haben \
                 höchstens Epsilon {max_epsilon}. Die App kann dir jeden Bericht zeigen, bevor er gesendet wird.",
                "Wofür: damit der Shop sieht, welche Themen bei allen, die teilen, gefragt sind. Deine eigenen Empfehlungen \
                 werden dadurch nicht besser.",
                "Schaltest du es aus, wird ein noch nicht gesendeter Bericht verworfen. Ein gesendeter lässt sich nicht \
                 wiederfinden, weil nichts darin zu dir führt. Das Handy merkt sich, welche Berichte es gab, damit die Grenzen \
                 eingehalten werden.",
            ],
        },
    ],
    rights: &[
        "Du entscheidest: In der App kannst du jederzeit ansehen, was gespeichert ist, es korrigieren, einzelne Dinge oder alles \
         löschen, eine Pause einlegen oder das Ganze ausschalten. Ausschalten löscht den Verlauf sofort.",
        "Deine Antwort gilt {consent_months} Monate ({consent_days} Tage); danach wirst du neu gefragt. Das Handy bewahrt zu \
         jeder deiner letzten {max_receipts} Antworten einen Beleg auf. Er sagt nichts darüber, was du getan hast, und du kannst \
         ihn mitnehmen.",
        "Das Ganze ist freiwillig und beruht auf deiner Einwilligung (Art. 6 Abs. 1 Buchst. a DSGVO). Du kannst sie so leicht \
         widerrufen, wie du sie gegeben hast; was bis dahin geschah, bleibt rechtmäßig. Verantwortlich für die App: {shop}, \
         {contact}. Du kannst dich auch bei einer Datenschutzbehörde beschweren.",
    ],
};
