//! One number: digits, perhaps with a `+`, as E.164.

use rlibphonenumber::{
    PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, Region as Plan, get_national_significant_number_owned,
};

use super::super::Region;

/// The fewest digits behind the country code that are a person's where no numbering plan knows the number.
const NATIONAL_DIGITS_MIN: usize = 7;
/// No number has more digits (E.164, 6.1, and what is dialled before it).
const DIGITS_MAX: usize = 20;

/// The number, where a numbering plan has it.
pub(super) fn assigned(digits: &str, region: Option<Region>) -> Option<String> {
    let readings = readings(digits, region);
    readings.into_iter().find(|number| PHONE_NUMBER_UTIL.is_valid_number(number)).and_then(|number| e164(&number))
}

/// The number, where it is as long as one of its country.
pub(super) fn possible(digits: &str, region: Option<Region>) -> Option<String> {
    let is_possible = |number: &PhoneNumber| {
        let national = get_national_significant_number_owned(number);
        PHONE_NUMBER_UTIL.is_possible_number(number)
            && national.len() >= NATIONAL_DIGITS_MIN
            && !national.starts_with('0')
            && !is_row(&national)
    };
    readings(digits, region).into_iter().find(is_possible).and_then(|number| e164(&number))
}

/// How people write a number that is in its normal form: national digits, and both forms in groups.
pub(in crate::identity) fn spellings(number: &str) -> Vec<String> {
    let mut spellings = vec![number.to_owned()];
    if let Ok(parsed) = PHONE_NUMBER_UTIL.parse(number, None) {
        let in_groups = |format| PHONE_NUMBER_UTIL.format(&parsed, format).into_owned();
        let all = [
            get_national_significant_number_owned(&parsed),
            in_groups(PhoneNumberFormat::International),
            in_groups(PhoneNumberFormat::National),
        ];
        spellings.extend(all);
        let mut known = std::collections::BTreeSet::new();
        spellings.retain(|spelling| known.insert(spelling.clone()));
    }
    spellings
}

/// What the digits may mean, the likeliest first.
fn readings(digits: &str, region: Option<Region>) -> Vec<PhoneNumber> {
    if digits.len() > DIGITS_MAX {
        return Vec::new();
    }
    let mut spelt = vec![digits.to_owned()];
    // `00` is dialled before a country code nearly everywhere; where it is not, no number begins so.
    spelt.extend(digits.strip_prefix("00").map(|rest| format!("+{rest}")));
    let plan = region.and_then(|region| Plan::from_code(region.as_str()).ok());
    let mut readings: Vec<PhoneNumber> =
        spelt.iter().filter_map(|digits| PHONE_NUMBER_UTIL.parse(digits, plan).ok()).collect();
    // A trunk zero where the country has none (`0777…` in Czechia), or behind the country code (`+420 (0) 777…`).
    let without_trunk = readings.iter().filter_map(|number| {
        let national = get_national_significant_number_owned(number);
        let rest = national.strip_prefix('0')?;
        PHONE_NUMBER_UTIL.parse(format!("+{}{rest}", number.country_code), None).ok()
    });
    let without_trunk: Vec<PhoneNumber> = without_trunk.collect();
    readings.extend(without_trunk);
    readings
}

/// As E.164, unless it is what people type who have no number to give.
fn e164(number: &PhoneNumber) -> Option<String> {
    let national = get_national_significant_number_owned(number);
    let is_one_digit = national.bytes().all(|digit| digit == national.as_bytes()[0]);
    (!is_one_digit).then(|| format!("+{}{national}", number.country_code))
}

/// Whether each digit follows the one before it: `123456789`, `987654321`.
fn is_row(digits: &str) -> bool {
    let digits = digits.as_bytes();
    let follows = |step: u8| digits.windows(2).all(|pair| (pair[0] - b'0' + step) % 10 == pair[1] - b'0');
    follows(1) || follows(9)
}
