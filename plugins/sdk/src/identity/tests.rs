mod emails;
mod masks;
mod names;
mod phones;
mod properties;
mod silent;

use super::*;

#[test]
fn an_id_is_its_text_without_blanks_around_it() {
    for kind in [Kind::GuestId, Kind::SessionId, Kind::from("customer_no")] {
        assert_eq!(normal_forms(&kind, " Ab 7\n", None), ["Ab 7"], "{kind}");
        assert!(normal_forms(&kind, " \t", None).is_empty(), "{kind}");
    }
}

#[test]
fn a_kind_is_its_word_however_it_was_made() {
    let czech = "CZ".parse().ok();
    assert_eq!(normal_forms(&Kind::Other("email".into()), "Ann@X.cz", None), ["ann@x.cz"]);
    assert_eq!(normal_forms(&Kind::Other("phone".into()), "777 123 456", czech), ["+420777123456"]);
}
