//! Another key for the same pack, and signatures that minisign made or checks.

use tastekeeper::model::{Model, ModelProblem, PublicKey};
use tastekeeper_models::pack::{PackError, SigningKey, attach_signature, resign, unsigned_body};

use crate::support::{key, open, small_pack};

#[test]
fn another_key_signs_the_same_content() {
    let other = SigningKey::from_random(&[3; 40]);
    let bytes = resign(&small_pack(), &other).unwrap();
    assert_eq!(open(&bytes).unwrap_err(), ModelProblem::UnknownKey);
    let model = Model::open(&bytes, &[other.public_key()]).unwrap();
    assert_eq!(model.info().digest, open(&small_pack()).unwrap().info().digest);
    assert_eq!(resign(&bytes, &key()).unwrap(), small_pack());
    assert!(matches!(resign(b"TKPACK", &other), Err(PackError::Refused(ModelProblem::Truncated))));
    assert!(matches!(resign(&[0; 200], &other), Err(PackError::Refused(ModelProblem::NotAPack))));
}

#[test]
fn a_signature_made_elsewhere_is_attached() {
    let pack = small_pack();
    let body = unsigned_body(&pack).unwrap();
    let minisig = key().detached_signature(body, "timestamp:0").unwrap();
    assert_eq!(attach_signature(body, &minisig, &key().public_key()).unwrap(), pack);
    let wrong = key().detached_signature(b"another body", "timestamp:0").unwrap();
    assert!(matches!(
        attach_signature(body, &wrong, &key().public_key()),
        Err(PackError::Refused(ModelProblem::BadSignature))
    ));
    assert!(attach_signature(body, "untrusted comment: x\nRUQ=", &key().public_key()).is_err());
}

/// Made once with the `minisign` tool for the body of the fixture.
#[test]
fn minisigns_own_signature_opens_a_pack() {
    let folder = crate::fixture::folder();
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let text = |name: &str| String::from_utf8(read(name)).unwrap();
    let key = PublicKey::parse(&text("minisign.pub")).unwrap();
    let pack = read("small.tkpack");
    let body = unsigned_body(&pack).unwrap();
    let attached = attach_signature(body, &text("body.minisig"), &key).unwrap();
    assert_eq!(Model::open(&attached, &[key]).unwrap().info().pack_version, 7);
}
