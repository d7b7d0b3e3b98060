//! Whose a listed session is.

use crate::subject::{SourceName, TenantId};
use crate::verify::SourceSettings;

/// Whose a listed session is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// This source would have told of it.
    Ours(SourceName),
    Foreign,
    /// Nobody can say it yet.
    Unclear,
}

/// Lists name departments, deliveries tenants: only a session that a delivery told of, and that was read, shows that they are the
/// same here (`proved`). Until then a department with the number of a tenant of ours may be of anybody's.
pub(super) fn whose(sources: &[&SourceSettings], department: Option<TenantId>, proved: Option<bool>) -> Whose {
    let named = |source: &SourceSettings| Whose::Ours(SourceName(source.name.as_str().into()));
    let listed = department.filter(|_| proved == Some(true));
    let lists = |source: &&&SourceSettings| listed.is_some_and(|tenant| source.tenants.contains(&tenant));
    if let Some(source) = sources.iter().find(lists).or_else(|| sources.iter().find(|source| source.tenants.is_empty()))
    {
        return named(source);
    }
    match (listed, sources, proved) {
        (Some(_), ..) | (None, [], _) => Whose::Foreign,
        // The look-up shows the department.
        (None, [only], Some(true)) => named(only),
        (None, ..) => Whose::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_department_tells_whose_a_session_is_once_it_is_proved_to_be_a_tenant() {
        let source = |name: &str, tenants: &str| -> SourceSettings {
            toml::from_str(&format!("name = \"{name}\"\ntenants = {tenants}\nauth = []")).expect("settings")
        };
        let (some, other, all) = (source("some", "[62]"), source("other", "[7, 8]"), source("all", "[]"));
        let ours = |name: &str| Whose::Ours(SourceName(name.into()));
        let of = |sources: &[&SourceSettings], department: Option<i32>, proved| {
            whose(sources, department.map(|number| TenantId(number.into())), proved)
        };
        assert_eq!(of(&[&some, &other], Some(8), Some(true)), ours("other"));
        assert_eq!(of(&[&some, &other], Some(9), Some(true)), Whose::Foreign);
        for proved in [None, Some(false)] {
            assert_eq!(of(&[&some, &other], Some(62), proved), Whose::Unclear);
        }
        assert_eq!(of(&[&some], None, Some(true)), ours("some"));
        assert_eq!(of(&[&some, &other], None, Some(true)), Whose::Unclear);
        assert_eq!(of(&[&some], None, None), Whose::Unclear);
        assert_eq!(of(&[&some, &all], None, None), ours("all"));
        assert_eq!(of(&[&some, &all], Some(62), Some(true)), ours("some"));
    }
}
