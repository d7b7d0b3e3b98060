use proptest::prelude::*;

use super::super::{email, name, normal_forms, phones};
use crate::Kind;

const KINDS: [Kind; 4] = [Kind::Email, Kind::Phone, Kind::Name, Kind::GuestId];

/// How people group digits.
fn grouped(digits: &str, every: usize, between: &str) -> String {
    let digits: Vec<char> = digits.chars().collect();
    digits.chunks(every).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(between)
}

/// So many texts for each property; `QUIETUS_CASES` makes them more.
fn cases() -> u32 {
    std::env::var("QUIETUS_CASES").map_or(512, |text| text.parse().expect("a number"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn a_normal_form_is_its_own_normal_form(text in any::<String>(), in_czechia in any::<bool>()) {
        let region = if in_czechia { "CZ".parse().ok() } else { None };
        for kind in KINDS {
            for form in normal_forms(&kind, &text, region) {
                prop_assert_eq!(normal_forms(&kind, &form, region), vec![form.clone()]);
                prop_assert_eq!(normal_forms(&kind, &form, None), vec![form]);
            }
        }
    }

    #[test]
    fn a_normal_form_of_what_looks_like_a_value_is_its_own(
        address in "[A-Za-zÁŘžſKİΩﬁ0-9.+_'\"ａ]{1,8}@[a-zř-]{1,6}\\.(cz|com)",
        phone in "(\\+|00)?[0-9 /()x.,-]{3,24}",
        person in "((Ing|ing|Dr|doc|Ph|PhD|DiS|dis|D|Jan|Pan|Nováκ|van)\\.? ?){1,5}",
    ) {
        for (kind, text) in [(Kind::Email, address), (Kind::Phone, phone), (Kind::Name, person)] {
            for form in normal_forms(&kind, &text, "CZ".parse().ok()) {
                prop_assert_eq!(normal_forms(&kind, &form, "CZ".parse().ok()), vec![form]);
            }
        }
    }

    #[test]
    fn spellings_of_a_czech_number_meet(
        subscriber in 0u32..10_000_000, area in 60u32..=60, every in 1usize..=3, between in "[ .-]", before in "(\\+420|00420|\\+420 \\(0\\)|0)? ?",
    ) {
        let digits = format!("{area}{subscriber:07}");
        prop_assume!(digits != "600000000");
        let typed = format!("{before}{}", grouped(&digits, every, &between));
        prop_assert_eq!(phones(&typed, "CZ".parse().ok()), vec![format!("+420{digits}")], "{}", typed);
    }

    #[test]
    fn two_czech_numbers_do_not_meet(one in 601_000_000u32..609_000_000, other in 601_000_000u32..609_000_000) {
        prop_assume!(one != other);
        let czech = "CZ".parse().ok();
        prop_assert_ne!(phones(&one.to_string(), czech), phones(&other.to_string(), czech));
        let both = phones(&format!("{one} / {other}"), czech);
        prop_assert_eq!(both, vec![format!("+420{one}"), format!("+420{other}")]);
    }

    #[test]
    fn spellings_of_an_address_meet_and_two_addresses_do_not(
        local in "[a-z0-9][a-z0-9.+_-]{0,15}", domain in "[a-z][a-z0-9]{0,10}", other in "[a-z0-9][a-z0-9.+_-]{0,15}",
    ) {
        let address = format!("{local}@{domain}.cz");
        for typed in [address.to_uppercase(), format!(" {address}. "), format!("Ann <{address}>"), format!("mailto:{address}")] {
            prop_assert_eq!(email(&typed), Some(address.clone()));
        }
        prop_assert_eq!(email(&format!("{other}@{domain}.cz")) == email(&address), local == other);
    }

    #[test]
    fn spellings_of_a_name_meet_and_two_names_do_not(
        given in "[A-ZČŘŠ][a-zěščřžýáíé]{3,9}x", family in "[A-ZČŘŠ][a-zěščřžýáíé]{3,9}z", other in "[A-Z][a-z]{3,9}w",
    ) {
        let form = name(&format!("{given} {family}"));
        prop_assert!(form.is_some());
        for typed in [format!("{family} {given}"), format!("Ing. {given} {}, Ph.D.", family.to_uppercase()), format!("{family}, {given}")] {
            prop_assert_eq!(name(&typed), form.clone());
        }
        prop_assert_ne!(name(&format!("{other} {family}")), form);
    }
}
