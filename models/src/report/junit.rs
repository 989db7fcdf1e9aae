//! Judged gates as JUnit XML, one test case each, for the CI systems that show it.
//!
//! The same judgements give the same bytes: no times, no host.

use std::io;

use quick_xml::Writer;
use quick_xml::events::BytesText;

use crate::gates::{Judged, Status};

/// The XML. `suite` names the suite, such as the model's id.
///
/// # Errors
/// None in practice: memory takes what is written.
pub fn junit(judged: &Judged, suite: &str) -> io::Result<String> {
    let mut writer =
        Writer::new_with_indent(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_vec(), b' ', 2);
    let suite = plain(suite);
    let counts = [
        ("tests", judged.judgements.len()),
        ("failures", judged.count(Status::Failed)),
        ("errors", judged.count(Status::NotJudged)),
        ("skipped", judged.count(Status::Skipped)),
    ]
    .map(|(name, count)| (name, count.to_string()));
    let attributes =
        |name| [("name", name)].into_iter().chain(counts.iter().map(|(n, count)| (*n, count.as_str())));
    writer
        .create_element("testsuites")
        .with_attributes(attributes("tastekeeper gates"))
        .write_inner_content(|writer| {
            let element = writer.create_element("testsuite").with_attributes(attributes(&suite));
            element
                .write_inner_content(|writer| {
                    judged.judgements.iter().try_for_each(|judgement| {
                        let (name, message) = (plain(&judgement.gate), plain(&judgement.message));
                        let case = writer
                            .create_element("testcase")
                            .with_attributes([("classname", suite.as_str()), ("name", name.as_str())]);
                        let (child, kind) = match judgement.status {
                            Status::Passed => ("system-out", None),
                            Status::Skipped => ("skipped", Some("skipped")),
                            Status::Failed => ("failure", Some("gate failed")),
                            Status::NotJudged => ("error", Some("could not be evaluated")),
                        };
                        case.write_inner_content(|writer| {
                            let mut element = writer.create_element(child);
                            if let Some(kind) = kind {
                                element = element.with_attribute(("message", message.as_str()));
                                if child != "skipped" {
                                    element = element.with_attribute(("type", kind));
                                }
                            }
                            element.write_text_content(BytesText::new(&message)).map(drop)
                        })
                        .map(drop)
                    })
                })
                .map(drop)
        })?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Text without the characters that XML 1.0 cannot hold, not even escaped.
fn plain(text: &str) -> String {
    let fits = |c: char| {
        matches!(c, '\t' | '\n' | '\r' | ' '..) && !matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
    };
    text.chars().map(|c| if fits(c) { c } else { '\u{fffd}' }).collect()
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;
    use quick_xml::escape::unescape;
    use quick_xml::events::Event;

    use super::*;
    use crate::gates::Judgement;

    #[test]
    fn every_gate_is_a_case_and_nothing_breaks_out() {
        let names = ["a <b> & \"c\" ]]>", "x\u{0}\u{1b}y", "", "ok"];
        let statuses = [Status::Failed, Status::NotJudged, Status::Skipped, Status::Passed];
        let judgement = |(gate, status): (&str, Status)| Judgement {
            gate: gate.to_owned(),
            status,
            message: format!("message of {gate}"),
        };
        let judged = Judged { judgements: names.into_iter().zip(statuses).map(judgement).collect() };
        let xml = junit(&judged, "shop \"1\"").unwrap();
        assert_eq!(xml, junit(&judged, "shop \"1\"").unwrap());
        let mut reader = Reader::from_str(&xml);
        let (mut seen, mut elements) = (Vec::new(), Vec::new());
        loop {
            match reader.read_event().unwrap() {
                Event::Eof => break,
                Event::Start(start) | Event::Empty(start) => {
                    let name = start.name().as_ref().to_owned();
                    if name == "testcase" {
                        let attribute = start.try_get_attribute("name").unwrap().unwrap();
                        seen.push(unescape(&attribute.value).unwrap().into_owned());
                    }
                    if name == "testsuite" {
                        for (attribute, count) in [("tests", "4"), ("failures", "1"), ("errors", "1")] {
                            assert_eq!(
                                start.try_get_attribute(attribute).unwrap().unwrap().value.as_ref(),
                                count
                            );
                        }
                    }
                    elements.push(name);
                }
                _ => {}
            }
        }
        assert_eq!(seen, ["a <b> & \"c\" ]]>", "x\u{fffd}\u{fffd}y", "", "ok"]);
        for element in ["failure", "error", "skipped", "system-out"] {
            assert_eq!(elements.iter().filter(|name| *name == element).count(), 1, "{element}");
        }
    }
}
