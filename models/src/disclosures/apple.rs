//! Apple's privacy manifest, `PrivacyInfo.xcprivacy`: a property list that Xcode merges into the app's privacy report.
//!
//! The engine reads sizes of files in the app's own container and nothing else on Apple's list of APIs that need a reason: no
//! disk space, no boot time, no user defaults, no keyboards.

use tastekeeper::Policy;

use super::Paper;

/// A report is told under "Other Usage Data": it says, with noise, which topics were looked at.
const COLLECTED: &str = "\t<array>
\t\t<dict>
\t\t\t<key>NSPrivacyCollectedDataType</key>
\t\t\t<string>NSPrivacyCollectedDataTypeOtherUsageData</string>
\t\t\t<key>NSPrivacyCollectedDataTypeLinked</key>
\t\t\t<false/>
\t\t\t<key>NSPrivacyCollectedDataTypeTracking</key>
\t\t\t<false/>
\t\t\t<key>NSPrivacyCollectedDataTypePurposes</key>
\t\t\t<array>
\t\t\t\t<string>NSPrivacyCollectedDataTypePurposeAnalytics</string>
\t\t\t</array>
\t\t</dict>
\t</array>
";

/// The manifest.
pub(super) fn manifest(policy: &Policy) -> Paper {
    let collected = if policy.leaves.is_empty() { "\t<array/>\n" } else { COLLECTED };
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">
<plist version=\"1.0\">
<dict>
\t<key>NSPrivacyTracking</key>
\t<false/>
\t<key>NSPrivacyTrackingDomains</key>
\t<array/>
\t<key>NSPrivacyCollectedDataTypes</key>
{collected}\t<key>NSPrivacyAccessedAPITypes</key>
\t<array>
\t\t<dict>
\t\t\t<key>NSPrivacyAccessedAPIType</key>
\t\t\t<string>NSPrivacyAccessedAPICategoryFileTimestamp</string>
\t\t\t<key>NSPrivacyAccessedAPITypeReasons</key>
\t\t\t<array>
\t\t\t\t<string>C617.1</string>
\t\t\t</array>
\t\t</dict>
\t</array>
</dict>
</plist>
"
    );
    Paper { name: "PrivacyInfo.xcprivacy".to_owned(), text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quick_xml::Reader;
    use quick_xml::events::Event;
    use tastekeeper::PersonalizationLevel::{OnDevice, Shared};
    use tastekeeper::policy::Numbers;

    #[test]
    fn it_is_a_property_list_and_collects_only_what_may_leave() {
        for (level, collects) in [(Shared, true), (OnDevice, false)] {
            let manifest = manifest(&Policy::new(Numbers::default(), level)).text;
            let mut reader = Reader::from_str(&manifest);
            let (mut open, mut keys) = (Vec::new(), Vec::new());
            loop {
                match reader.read_event().expect("well-formed") {
                    Event::Start(tag) => open.push(tag.name().as_ref().to_owned()),
                    Event::End(tag) => assert_eq!(open.pop().as_deref(), Some(tag.name().as_ref())),
                    Event::Text(text) if open.last().is_some_and(|name| name == "key") => {
                        keys.push(String::from(&*text));
                    }
                    Event::Eof => break,
                    _ => {}
                }
            }
            assert!(open.is_empty());
            let top = [
                "NSPrivacyTracking",
                "NSPrivacyTrackingDomains",
                "NSPrivacyCollectedDataTypes",
                "NSPrivacyAccessedAPITypes",
            ];
            assert!(top.iter().all(|key| keys.iter().any(|found| found == key)), "{keys:?}");
            assert_eq!(keys.contains(&"NSPrivacyCollectedDataType".to_owned()), collects);
        }
    }
}
