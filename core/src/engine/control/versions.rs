//! The control state as older builds kept it. Enters: a blob of any version. Leaves: [`Control`] as it is now.

use serde::Deserialize;
#[cfg(test)]
use serde::Serialize;

use super::{CONTROL_VERSION, Control, InstalledModel, ProfileEntry};
use crate::codec::{self, CodecError};
use crate::consent::{ProfileConsent, ProfileConsentV1};
use crate::report::Ledger;
use crate::store::CallRandom;

/// [`Control`] as version 3 kept it: no pack was known again.
#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct ControlV3 {
    profiles: Vec<ProfileEntry>,
    active: u32,
    next_number: u32,
    models: Vec<InstalledModelV1>,
    stopped: bool,
    ledger: Ledger,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct InstalledModelV1 {
    model_id: String,
    pack_version: u64,
}

/// [`Control`] as version 2 kept it: nothing was ever shared.
#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct ControlV2 {
    profiles: Vec<ProfileEntryV2>,
    active: u32,
    next_number: u32,
    models: Vec<InstalledModelV1>,
    stopped: bool,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct ProfileEntryV2 {
    number: u32,
    name: String,
    consent: ProfileConsent,
    erasing: bool,
}

/// [`Control`] as version 1 kept it.
#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct ControlV1 {
    profiles: Vec<ProfileEntryV1>,
    active: u32,
    next_number: u32,
    models: Vec<InstalledModelV1>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct ProfileEntryV1 {
    number: u32,
    name: String,
    consent: ProfileConsentV1,
    erasing: bool,
}

impl ControlV1 {
    fn upgrade(self, random: &mut CallRandom) -> ControlV2 {
        let mut upgrade = |entry: ProfileEntryV1| ProfileEntryV2 {
            number: entry.number,
            name: entry.name,
            consent: entry.consent.upgrade(random),
            erasing: entry.erasing,
        };
        ControlV2 {
            profiles: self.profiles.into_iter().map(&mut upgrade).collect(),
            active: self.active,
            next_number: self.next_number,
            models: self.models,
            stopped: false,
        }
    }
}

impl From<ControlV2> for ControlV3 {
    fn from(old: ControlV2) -> Self {
        let upgrade = |entry: ProfileEntryV2| ProfileEntry {
            number: entry.number,
            name: entry.name,
            consent: entry.consent,
            erasing: entry.erasing,
            shares_guarded: false,
        };
        Self {
            profiles: old.profiles.into_iter().map(upgrade).collect(),
            active: old.active,
            next_number: old.next_number,
            models: old.models,
            stopped: old.stopped,
            ledger: Ledger::default(),
        }
    }
}

impl From<ControlV3> for Control {
    fn from(old: ControlV3) -> Self {
        let upgrade = |model: InstalledModelV1| InstalledModel {
            model_id: model.model_id,
            pack_version: model.pack_version,
            known: None,
        };
        Self {
            profiles: old.profiles,
            active: old.active,
            next_number: old.next_number,
            models: old.models.into_iter().map(upgrade).collect(),
            stopped: old.stopped,
            ledger: old.ledger,
        }
    }
}

/// Reads the state of any version.
pub(super) fn decode_control(blob: &[u8], random: &mut CallRandom) -> Result<Control, CodecError> {
    match blob.first() {
        Some(1) => Ok(ControlV3::from(codec::decode::<ControlV1>(1, blob)?.upgrade(random)).into()),
        Some(2) => Ok(ControlV3::from(codec::decode::<ControlV2>(2, blob)?).into()),
        Some(3) => Ok(codec::decode::<ControlV3>(3, blob)?.into()),
        _ => codec::decode(CONTROL_VERSION, blob),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::PersonalizationLevel;
    use crate::platform::SeededRandom;

    fn models() -> Vec<InstalledModelV1> {
        vec![InstalledModelV1 { model_id: "shop".into(), pack_version: 3 }]
    }

    fn is_read(blob: &[u8], stopped: bool) {
        let random = &mut CallRandom::draw(&SeededRandom::new(1));
        let new = decode_control(blob, random).unwrap();
        assert_eq!((new.active, new.next_number, new.stopped), (4, 5, stopped));
        let installed = InstalledModel { model_id: "shop".into(), pack_version: 3, known: None };
        assert_eq!((new.models.as_slice(), new.ledger.is_unused()), ([installed].as_slice(), true));
        let entry = &new.profiles[0];
        assert_eq!((entry.number, entry.name.as_str(), entry.erasing), (4, "anna", true));
        assert_eq!((entry.consent.level, entry.shares_guarded), (PersonalizationLevel::OnDevice, false));
        let again = codec::encode(CONTROL_VERSION, &new).unwrap();
        assert_eq!(decode_control(&again, random).unwrap(), new);
        assert_eq!(decode_control(&[9, 0], random), Err(CodecError::UnknownVersion));
    }

    #[test]
    fn version_one_is_read() {
        let consent = ProfileConsentV1::sample(PersonalizationLevel::OnDevice);
        let profiles = vec![ProfileEntryV1 { number: 4, name: "anna".into(), consent, erasing: true }];
        let old = ControlV1 { profiles, active: 4, next_number: 5, models: models() };
        is_read(&codec::encode(1, &old).unwrap(), false);
    }

    #[test]
    fn version_two_is_read() {
        let random = &mut CallRandom::draw(&SeededRandom::new(1));
        let consent = ProfileConsentV1::sample(PersonalizationLevel::OnDevice).upgrade(random);
        let profiles = vec![ProfileEntryV2 { number: 4, name: "anna".into(), consent, erasing: true }];
        let old = ControlV2 { profiles, active: 4, next_number: 5, models: models(), stopped: true };
        is_read(&codec::encode(2, &old).unwrap(), true);
    }

    #[test]
    fn version_three_is_read() {
        let random = &mut CallRandom::draw(&SeededRandom::new(1));
        let consent = ProfileConsentV1::sample(PersonalizationLevel::OnDevice).upgrade(random);
        let profiles = vec![ProfileEntry {
            number: 4,
            name: "anna".into(),
            consent,
            erasing: true,
            shares_guarded: false,
        }];
        let (models, ledger) = (models(), Ledger::default());
        let old = ControlV3 { profiles, active: 4, next_number: 5, models, stopped: true, ledger };
        is_read(&codec::encode(3, &old).unwrap(), true);
    }
}
