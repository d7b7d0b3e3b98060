//! Rows that are there and not shown: a policy for rows, or what is no table, shows some of them only, and the others would be
//! told as not there. What the server says of a table enters; a refusal, or what the receipt has to repeat, leaves.

use quietus_plugin::ErrorClass::NeedsOperator;

use crate::config::Config;
use crate::trouble::Trouble;

/// What the operator vouches for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trusts {
    pub(crate) row_security: bool,
    pub(crate) views: bool,
}

/// What the server says of one of a statement's tables.
#[derive(Debug)]
pub(super) struct Relation {
    /// As the statement writes it.
    pub(super) name: String,
    /// Not a view, nor a table of another server.
    pub(super) is_table: bool,
    /// A policy decides which of its rows the user sees.
    pub(super) has_policy: bool,
    /// The user may read something of it.
    pub(super) is_readable: bool,
}

/// What is seen of a statement's tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sight {
    /// What limits it, for the receipt.
    pub(crate) limits: Vec<String>,
    /// Whether the table that it erases from keeps the earlier versions of its rows.
    pub(crate) has_history: bool,
}

impl Trusts {
    pub(super) fn of(config: &Config) -> Self {
        Self { row_security: config.row_security.is_some(), views: config.views.is_some() }
    }

    /// Whether rows of this table can be believed to be absent.
    pub(super) fn judge(self, relation: &Relation, sight: &mut Sight) -> Result<(), Trouble> {
        let name = &relation.name;
        if !relation.is_readable {
            return Err(Trouble::said(NeedsOperator, format!("the user lacks SELECT on `{name}`; grant it")));
        }
        if relation.has_policy {
            if !self.row_security {
                return Err(Trouble::said(NeedsOperator, policy(&format!("`{name}`"))));
            }
            sight.limits.push(format!(
                "of `{name}` only the rows that row-level security shows to the user (`row_security = \"trusted\"`)"
            ));
        }
        if !relation.is_table {
            if !self.views {
                return Err(Trouble::said(NeedsOperator, view(name)));
            }
            sight
                .limits
                .push(format!("of `{name}`, which is no table, only the rows that it shows (`views = \"trusted\"`)"));
        }
        Ok(())
    }
}

/// What is said where a policy hides rows of a table.
pub(super) fn policy(table: &str) -> String {
    format!(
        "row-level security hides rows of {table} from the user, so that nobody can tell whether the person's are there: let the \
         user pass it (`ALTER ROLE … BYPASSRLS`), or, where the policy shows it all that is to be erased, say \
         `row_security = \"trusted\"`"
    )
}

fn view(name: &str) -> String {
    format!(
        "`{name}` is a view or a table of another server, which may hide rows: name the table itself, or, where it shows all that is \
         to be erased, say `views = \"trusted\"`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_hide_rows_is_refused_or_repeated() {
        let table = || Relation { name: "orders".into(), is_table: true, has_policy: false, is_readable: true };
        let policed = Relation { has_policy: true, ..table() };
        let view = Relation { is_table: false, ..table() };
        let unread = Relation { is_readable: false, ..table() };
        let [none, rows, views] =
            [(false, false), (true, false), (false, true)].map(|(row_security, views)| Trusts { row_security, views });
        for (trusts, relation, expected) in [
            (none, table(), Ok("")),
            (none, unread, Err("lacks SELECT on `orders`")),
            (none, Relation { has_policy: true, ..table() }, Err("row-level security hides rows of `orders`")),
            (views, Relation { has_policy: true, ..table() }, Err("`row_security = \"trusted\"`")),
            (rows, policed, Ok("of `orders` only the rows that row-level security shows")),
            (none, Relation { is_table: false, ..table() }, Err("`orders` is a view")),
            (rows, Relation { is_table: false, ..table() }, Err("`views = \"trusted\"`")),
            (views, view, Ok("of `orders`, which is no table, only the rows that it shows")),
        ] {
            let mut sight = Sight::default();
            let judged = trusts.judge(&relation, &mut sight);
            match (judged, expected) {
                (Ok(()), Ok(limit)) => {
                    assert!(sight.limits.concat().contains(limit), "{relation:?}: {sight:?}");
                    assert_eq!(sight.limits.is_empty(), limit.is_empty(), "{relation:?}: {sight:?}");
                }
                (Err(trouble), Err(part)) => {
                    let error = trouble.anywhere();
                    assert_eq!(error.class, NeedsOperator);
                    assert!(error.message.contains(part), "{}", error.message);
                }
                (judged, _) => panic!("{trusts:?} {relation:?}: {judged:?}"),
            }
        }
    }
}
