//! The region in which numbers without a country code are read.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// All regions with a numbering plan, two letters each, sorted.
const KNOWN: &str = "\
    ACADAEAFAGAIALAMAOARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZ\
    DEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGTGUGWGYHKHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJP\
    KEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZ\
    OMPAPEPFPGPHPKPLPMPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTATCTDTGTHTJTKTLTMTNTOTRTTTVTWTZ\
    UAUGUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW";

/// A country or territory, as its two letters in ISO 3166-1 (and `XK`, Kosovo).
///
/// ```
/// use quietus_plugin::identity::Region;
///
/// let region: Region = "cz".parse()?;
/// assert_eq!(region.to_string(), "CZ");
/// let refused = "UK".parse::<Region>().expect_err("the United Kingdom is GB");
/// assert!(refused.to_string().contains("`GB`"));
/// # Ok::<(), quietus_plugin::identity::UnknownRegion>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region([u8; 2]);

/// What stands where a region should stand is none.
///
/// ```
/// use quietus_plugin::identity::Region;
///
/// let refused = "Czechia".parse::<Region>().expect_err("two letters are wanted");
/// assert!(refused.to_string().contains("ISO 3166-1"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no region: write the country's two letters of ISO 3166-1, such as `CZ`, `SK`, `DE` or `{instead}`")]
pub struct UnknownRegion {
    instead: &'static str,
}

impl Region {
    /// The two letters.
    ///
    /// ```
    /// let region: quietus_plugin::identity::Region = "sk".parse()?;
    /// assert_eq!(region.as_str(), "SK");
    /// # Ok::<(), quietus_plugin::identity::UnknownRegion>(())
    /// ```
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("two capital letters")
    }
}

impl FromStr for Region {
    type Err = UnknownRegion;

    fn from_str(text: &str) -> Result<Self, UnknownRegion> {
        let word = text.trim().to_ascii_uppercase();
        let known = KNOWN.as_bytes().chunks_exact(2).find(|known| *known == word.as_bytes());
        match known {
            Some([first, second]) => Ok(Self([*first, *second])),
            // What is written for the United Kingdom elsewhere; and otherwise one more example.
            _ => Err(UnknownRegion { instead: "GB" }),
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Region {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = Cow::<'de, str>::deserialize(deserializer)?;
        word.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Region {
    fn schema_name() -> Cow<'static, str> {
        "Region".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^[A-Za-z]{2}$",
            "description": "The country's two letters of ISO 3166-1, such as `CZ`."
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_regions_are_those_with_a_numbering_plan() {
        let mut plans: Vec<String> =
            rlibphonenumber::PHONE_NUMBER_UTIL.get_supported_regions().map(|region| region.to_string()).collect();
        plans.sort();
        assert_eq!(KNOWN, plans.concat());
    }

    #[test]
    fn a_region_is_its_two_letters_everywhere() {
        let region: Region = serde_json::from_str(r#"" cz ""#).expect("a region");
        assert_eq!(serde_json::to_string(&region).expect("JSON"), r#""CZ""#);
        assert_eq!(format!("{region:>4}"), "  CZ");
        for none in ["", "C", "CZE", "ZZ", "UK", "001", "ČR", "C\u{0}"] {
            let refused = none.parse::<Region>().expect_err(none).to_string();
            assert!(refused.contains("`CZ`") && refused.contains("`GB`"), "{refused}");
            assert!(serde_json::from_value::<Region>(none.into()).is_err(), "{none}");
        }
    }
}
