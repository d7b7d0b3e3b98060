//! Rows that are there and not shown: a policy for rows, or what is no table, shows some of them only, and the others would be
//! told as not there. What the server says of a table enters; a refusal, or what the receipt has to repeat, leaves.

use quietus_plugin::ErrorClass::NeedsOperator;

use crate::config::Config;
use crate::told;
use crate::trouble::Trouble;

/// What the operator vouches for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trusts {
    pub(crate) row_security: bool,
    pub(crate) views: bool,
    /// What is erased from a server that follows another one reaches that.
    pub(crate) follows: bool,
}

/// What the server says of one of a statement's tables.
#[derive(Debug)]
pub(super) struct Relation {
    /// As the statement writes it.
    pub(super) name: String,
    pub(super) rows: Rows,
    /// The statement erases from it.
    pub(super) is_written: bool,
    /// A policy decides which of its rows the user sees.
    pub(super) has_policy: bool,
    /// The user may read something of it.
    pub(super) is_readable: bool,
}

/// Where the rows are that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// In a table of this database.
    Here,
    /// In whatever a view selects from.
    Selected,
    /// Or some of them, in another server, a file or other tables, where no transaction of this one holds.
    Elsewhere,
}

/// What triggers and rules do with the rows of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Triggers {
    #[default]
    None,
    Some,
    /// The user is not shown whether there are any.
    Hidden,
}

/// What is seen of a statement's tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sight {
    /// What limits it, for the receipt.
    pub(crate) limits: Vec<String>,
    /// Whether the table that it erases from keeps the earlier versions of its rows.
    pub(crate) has_history: bool,
    /// Of the table that it erases from.
    pub(crate) triggers: Triggers,
}

impl Trusts {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            row_security: config.row_security.is_some(),
            views: config.views.is_some(),
            follows: config.follows.is_some(),
        }
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
            sight.limits.push(told::policed(name));
        }
        match relation.rows {
            Rows::Here => return Ok(()),
            // Rolled back here, or committed, they would not be there.
            Rows::Elsewhere if relation.is_written => return Err(Trouble::said(NeedsOperator, elsewhere(name))),
            Rows::Elsewhere | Rows::Selected if !self.views => return Err(Trouble::said(NeedsOperator, view(name))),
            Rows::Elsewhere | Rows::Selected => sight.limits.push(told::viewed(name)),
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
        "`{name}` is a view, or shows rows of another server, a file or other tables, some of which may be hidden: name the tables \
         themselves, or, where it shows all that is to be erased, say `views = \"trusted\"`"
    )
}

fn elsewhere(name: &str) -> String {
    format!(
        "`{name}` has rows in another server, a file or other tables, where no transaction of this database holds, so that nothing \
         could be rolled back for certain: erase there by a `[[plugin]]` of its own, and name the tables that are here"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Trusts = Trusts { row_security: false, views: false, follows: false };
    const POLICIES: Trusts = Trusts { row_security: true, ..NONE };
    const VIEWS: Trusts = Trusts { views: true, ..NONE };

    #[test]
    fn what_may_hide_rows_is_refused_or_repeated() {
        let table = || Relation {
            name: "orders".into(),
            rows: Rows::Here,
            is_written: false,
            has_policy: false,
            is_readable: true,
        };
        let policed = || Relation { has_policy: true, ..table() };
        let view = || Relation { rows: Rows::Selected, ..table() };
        let foreign = || Relation { rows: Rows::Elsewhere, ..table() };
        let written = |relation| Relation { is_written: true, ..relation };
        for (trusts, relation, expected) in [
            (NONE, table(), Ok("")),
            (NONE, written(table()), Ok("")),
            (NONE, Relation { is_readable: false, ..table() }, Err("lacks SELECT on `orders`")),
            (NONE, policed(), Err("row-level security hides rows of `orders`")),
            (VIEWS, policed(), Err("`row_security = \"trusted\"`")),
            (POLICIES, policed(), Ok("of `orders` only the rows that row-level security shows")),
            (NONE, view(), Err("`orders` is a view")),
            (POLICIES, view(), Err("`views = \"trusted\"`")),
            (VIEWS, view(), Ok("of `orders`, which is no table or has rows elsewhere, only the rows that it shows")),
            (VIEWS, written(view()), Ok("of `orders`, which is no table")),
            (NONE, foreign(), Err("shows rows of another server")),
            (VIEWS, foreign(), Ok("of `orders`, which is no table or has rows elsewhere")),
            (NONE, written(foreign()), Err("where no transaction of this database holds")),
            (VIEWS, written(foreign()), Err("where no transaction of this database holds")),
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
