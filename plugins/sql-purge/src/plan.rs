//! The plan: checks the statements of a configuration; an error names the statement, what was found in it and
//! what is allowed.

use quietus_plugin::{Found, Kind, mark};

use crate::address::Engine;
use crate::config::{Config, Erases, FindsValues, ListsRows, Retains};
use crate::statement::{Checked, Finding, Listing, Purpose};

/// Kinds that are always known.
const KINDS: [Kind; 5] = [Kind::Email, Kind::Phone, Kind::Name, Kind::GuestId, Kind::SessionId];

/// As `values_max`.
const VALUES_MAX: usize = 5;

/// What is done for each person.
pub(crate) struct Plan {
    pub(crate) erase: Vec<Erasing>,
    pub(crate) retain: Vec<Retaining>,
    pub(crate) lists: Vec<Lists>,
    pub(crate) find: Vec<Finds>,
    /// A mark of the database and of `lists`, in their order.
    pub(crate) swept_as: u64,
}

/// A statement that finds by what a table knows the person.
pub(crate) struct Finds {
    pub(crate) name: String,
    pub(crate) finding: Finding,
    pub(crate) returns: Kind,
    pub(crate) values_max: usize,
}

/// A statement that lists whom a table holds.
pub(crate) struct Lists {
    pub(crate) name: String,
    pub(crate) listing: Listing,
}

/// A statement that erases.
pub(crate) struct Erasing {
    pub(crate) name: String,
    pub(crate) checked: Checked,
    pub(crate) rows_max: u64,
    pub(crate) count: String,
}

/// A statement that finds what must be kept.
pub(crate) struct Retaining {
    pub(crate) name: String,
    pub(crate) checked: Checked,
    pub(crate) reason: String,
}

impl Plan {
    pub(crate) fn make(config: &Config, engine: Engine) -> Result<Self, String> {
        let kinds: Vec<String> =
            KINDS.iter().map(|kind| kind.as_str().to_owned()).chain(config.kinds.iter().cloned()).collect();
        if config.statement.is_empty() {
            return Err("`statement`: there is none, so nothing would ever be erased".into());
        }
        let mut names: Vec<&String> = Vec::new();
        let own = config.statement.iter().map(|s| &s.name).chain(config.retain.iter().map(|r| &r.name));
        let own = own.chain(config.sweep.iter().map(|list| &list.name));
        for name in own.chain(config.find.iter().map(|find| &find.name)) {
            if !is_plain(name) {
                return Err(format!("statement `{name}`: a name is 1 to 40 of a-z, `_` and `-`"));
            }
            if names.contains(&name) {
                return Err(format!("statement `{name}`: the name is taken by another"));
            }
            names.push(name);
        }
        let erase: Vec<Erasing> =
            config.statement.iter().map(|own| erasing(own, engine, &kinds)).collect::<Result<_, _>>()?;
        for own in &erase {
            own.check_enough(config.phone_alone)?;
        }
        let retain = config.retain.iter().map(|own| retaining(own, engine, &kinds)).collect::<Result<_, _>>()?;
        let lists = config.sweep.iter().map(|own| lists(own, engine, &kinds)).collect::<Result<_, _>>()?;
        let find = config.find.iter().map(|own| finds(own, engine, &kinds)).collect::<Result<_, _>>()?;
        let swept = config.sweep.iter().flat_map(|own| [own.name.as_str(), own.sql.as_str()]);
        let swept_as = mark([config.url.as_str()].into_iter().chain(swept));
        Ok(Self { erase, retain, lists, find, swept_as })
    }

    /// Each statement's name, and itself.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Checked)> {
        let erase = self.erase.iter().map(|own| (own.name.as_str(), &own.checked));
        erase.chain(self.retain.iter().map(|own| (own.name.as_str(), &own.checked)))
    }
}

impl Erasing {
    /// Whether what it compares says who somebody is.
    fn check_enough(&self, phone_alone: bool) -> Result<(), String> {
        let name = &self.name;
        if self.checked.goes_by_name_alone() {
            return Err(format!(
                "statement `{name}` is refused: by `:name` alone it erases everybody who is called so; add another \
                 identifier by AND"
            ));
        }
        if self.checked.goes_by_phone_alone() && !phone_alone {
            return Err(format!(
                "statement `{name}` is refused: by `:phone` alone it erases everybody who shares the number; add another identifier \
                 by AND, such as `phone = :phone AND lower(mail) = lower(:email)`, or say `phone_alone = true`"
            ));
        }
        Ok(())
    }
}

fn erasing(own: &Erases, engine: Engine, kinds: &[String]) -> Result<Erasing, String> {
    let count = own.count.as_ref().unwrap_or(&own.name);
    if !is_plain(&count.replace(' ', "_")) {
        return Err(format!("statement `{}`: `count` is 1 to 40 of a-z, `_`, `-` and spaces", own.name));
    }
    if own.rows_max == 0 {
        return Err(format!("statement `{}`: `rows_max` of 0 would never let it erase", own.name));
    }
    let checked = checked(&own.name, &own.sql, engine, Purpose::Erases, kinds)?;
    Ok(Erasing { name: own.name.clone(), checked, rows_max: own.rows_max, count: count.clone() })
}

fn retaining(own: &Retains, engine: Engine, kinds: &[String]) -> Result<Retaining, String> {
    if own.reason.trim().is_empty() {
        return Err(format!("statement `{}`: `reason` is empty; the receipt says why the rows are kept", own.name));
    }
    let checked = checked(&own.name, &own.sql, engine, Purpose::Counts, kinds)?;
    Ok(Retaining { name: own.name.clone(), checked, reason: own.reason.clone() })
}

fn lists(own: &ListsRows, engine: Engine, kinds: &[String]) -> Result<Lists, String> {
    let listing = Listing::parse(&own.sql, engine, kinds);
    let listing = listing.map_err(|found| format!("statement `{}` is refused: {found}", own.name))?;
    Ok(Lists { name: own.name.clone(), listing })
}

fn finds(own: &FindsValues, engine: Engine, kinds: &[String]) -> Result<Finds, String> {
    let name = &own.name;
    let values_max = own.values_max.unwrap_or(VALUES_MAX);
    if !(1..=Found::IDENTIFIERS_MAX).contains(&values_max) {
        return Err(format!("statement `{name}`: `values_max` is 1 to {}", Found::IDENTIFIERS_MAX));
    }
    // Names are no identifiers to go on by: somebody else is called so, too.
    let returns = own.returns.parse().ok().filter(|kind: &Kind| !kind.is_internal_id() && *kind != Kind::Name);
    let returns = returns.ok_or_else(|| {
        format!("statement `{name}`: `returns` is a kind of a-z, 0-9 and `_`, neither `name` nor an id of mluvii's own")
    })?;
    let finding = Finding::parse(&own.sql, engine, kinds);
    let finding = finding.map_err(|found| format!("statement `{name}` is refused: {found}"))?;
    Ok(Finds { name: name.clone(), finding, returns, values_max })
}

fn checked(name: &str, sql: &str, engine: Engine, purpose: Purpose, kinds: &[String]) -> Result<Checked, String> {
    Checked::parse(sql, engine, purpose, kinds).map_err(|found| format!("statement `{name}` is refused: {found}"))
}

fn is_plain(name: &str) -> bool {
    (1..=40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'-')
}
