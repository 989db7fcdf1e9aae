//! The answers for the data safety form of Google Play: as rows for "Import from CSV", and with their reasons for people.
//!
//! Rows are only those the engine decides. How an app creates accounts, whether it encrypts what it sends and how it deletes
//! data on its servers is the app's to say; its own rows stand beside these.

use std::fmt::Write as _;

use tastekeeper::Policy;

use super::Paper;

/// What stands above the columns of an exported form.
const HEADER: &str = "Question ID (machine readable),Response ID (machine readable),Response value,Answer requirement,Human-friendly question label";
/// A report is told under "Other actions" of "App activity".
const DATA_TYPE: &str = "PSL_OTHER_APP_ACTIVITY";

/// One answer: question, response, value, requirement, label, why.
struct Answer {
    question: String,
    response: &'static str,
    value: &'static str,
    requirement: &'static str,
    label: &'static str,
    because: String,
}

fn list(policy: &Policy) -> Vec<Answer> {
    let collects = "PSL_DATA_COLLECTION_COLLECTS_PERSONAL_DATA".to_owned();
    let label = "Does your app collect or share any of the required user data types?";
    let Some(report) = policy.leaves.first() else {
        return vec![Answer {
            question: collects,
            response: "",
            value: "false",
            requirement: "REQUIRED",
            label,
            because:
                "Everything is kept and used on the phone only, which Play does not count as collecting. If \
                      anything else in the app collects data, the answer is yes."
                    .to_owned(),
        }];
    };
    let usage = |question: &str| format!("PSL_DATA_USAGE_RESPONSES:{DATA_TYPE}:{question}");
    let answer = |question: String, response, requirement, label, because: String| Answer {
        question,
        response,
        value: "true",
        requirement,
        label,
        because,
    };
    vec![
        answer(
            collects,
            "",
            "REQUIRED",
            label,
            "Because of the report, if the app sends it. What stays on the phone is not collected.".to_owned(),
        ),
        answer(
            "PSL_DATA_TYPES_APP_ACTIVITY".to_owned(),
            DATA_TYPE,
            "MULTIPLE_CHOICE",
            "App activity / Other actions",
            format!("{} {}", report.what, report.what_not),
        ),
        answer(
            usage("PSL_DATA_USAGE_COLLECTION_AND_SHARING"),
            "PSL_DATA_USAGE_ONLY_COLLECTED",
            "MULTIPLE_CHOICE",
            "Other actions / Is this data collected, shared, or both? / Collected",
            "The app sends it to the shop. If the shop hands single reports on to a third party, tick Shared, too."
                .to_owned(),
        ),
        Answer {
            value: "false",
            ..answer(
                usage("PSL_DATA_USAGE_EPHEMERAL"),
                "",
                "MAYBE_REQUIRED",
                "Other actions / Is this data processed ephemerally?",
                "Reports are kept to be counted.".to_owned(),
            )
        },
        answer(
            usage("DATA_USAGE_USER_CONTROL"),
            "PSL_DATA_USAGE_USER_CONTROL_OPTIONAL",
            "SINGLE_CHOICE",
            "Other actions / Is this data required, or can users choose? / Users can choose",
            "Only at level Shared, which the shopper chooses and can leave at any time. Recommendations are the same without."
                .to_owned(),
        ),
        answer(
            usage("DATA_USAGE_COLLECTION_PURPOSE"),
            "PSL_ANALYTICS",
            "MULTIPLE_CHOICE",
            "Other actions / Why is this user data collected? / Analytics",
            "To see which topics are in demand among all who share. It does not change anybody's own recommendations.".to_owned(),
        ),
    ]
}

/// The rows.
pub(super) fn answers(policy: &Policy) -> Paper {
    let mut text = format!("{HEADER}\n");
    for answer in list(policy) {
        let Answer { question, response, value, requirement, label, .. } = answer;
        let label = if label.contains(',') { format!("\"{label}\"") } else { label.to_owned() };
        writeln!(text, "{question},{response},{value},{requirement},{label}").expect("a string takes text");
    }
    Paper { name: "play-data-safety.csv".to_owned(), text }
}

/// The same for people.
pub(super) fn reasons(policy: &Policy) -> Paper {
    let mut text = "# Google Play: data safety\n\n\
        Answers for what Tastekeeper does, with the reasons. `play-data-safety.csv` has them as rows of the form: put them \
        into the file that Play Console exports under \"Data safety\", beside the app's own answers, and import that.\n\n\
        | question | answer | because |\n|---|---|---|\n"
        .to_owned();
    for answer in list(policy) {
        let value = match (answer.value, answer.response) {
            ("true", "") => "yes",
            ("true", _) => "chosen",
            _ => "no",
        };
        writeln!(text, "| {} | {value} | {} |", answer.label, answer.because).expect("a string takes text");
    }
    if let Some(report) = policy.leaves.first() {
        write!(text, "\nHow often: {} {}\n", report.how_often, report.to_whom).expect("a string takes text");
    }
    text.push_str(
        "\nThe app has to answer these itself, because the engine has no part in them:\n\n\
         * Is the data encrypted in transit? The engine sends nothing. Send a report over HTTPS, and keep no address or \
         other mark of the sender with it.\n\
         * Can users ask for their data to be deleted? On the phone they can delete all of it in the app. A report carries \
         nothing by which it could be found again.\n\
         * Accounts, and every kind of data that other parts of the app collect.\n",
    );
    Paper { name: "play-data-safety.md".to_owned(), text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tastekeeper::PersonalizationLevel::OnDevice;
    use tastekeeper::policy::Numbers;

    #[test]
    fn the_rows_are_a_table_of_five_columns() {
        for (policy, rows) in [(tastekeeper::policy(), 6), (Policy::new(Numbers::default(), OnDevice), 1)] {
            let text = answers(&policy).text;
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            assert_eq!(reader.headers().unwrap().len(), 5);
            let found: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            assert_eq!(found.len(), rows);
            assert!(found.iter().all(|row| ["true", "false"].contains(&&row[2])), "{text}");
        }
    }
}
