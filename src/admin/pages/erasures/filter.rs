//! Which erasures a list shows. All of it stands in the address, and can be combined: names of companies, rules and systems, and no person's.

use maud::{Markup, html};

use crate::admin::pages::fields::Fields;
use crate::admin::pages::filters::{company_filter, name_filter, query, systems};
use crate::admin::pages::parts::{MustChoose, choices, companies, rule_in_words};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::field;
use crate::admin::pages::words::{lists, words};
use crate::admin::problem::{Code, Problem};
use crate::erasure::{Erasure, ErasureState};
use crate::language::Lang;
use crate::ledger::ErasureFilter;
use crate::operations::erasures::Explained;
use crate::policy::REQUEST;
use crate::subject::{InstallationName, TargetName};

/// The longest name of a rule or a system that is looked for, in bytes.
const NAME_BYTES_MAX: usize = 200;

/// Where they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Show {
    #[default]
    All,
    /// Somebody has to approve them, or something of them is parked.
    NeedsPerson,
    In(ErasureState),
}

/// What their time is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum When {
    #[default]
    Any,
    Due,
    Late,
}

/// What a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) show: Show,
    pub(super) when: When,
    company: Option<InstallationName>,
    rule: String,
    target: String,
}

impl Show {
    const WHO: &'static str = "person";

    pub(super) fn all() -> impl Iterator<Item = Self> {
        [Self::All, Self::NeedsPerson].into_iter().chain(ErasureState::ALL.map(Self::In))
    }

    fn read(word: &str) -> Option<Self> {
        Self::all().find(|one| one.word() == word)
    }

    fn word(self) -> &'static str {
        match self {
            Self::All => "",
            Self::NeedsPerson => Self::WHO,
            Self::In(state) => state.as_str(),
        }
    }

    pub(super) fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::All => words(lang).all_of_them,
            Self::NeedsPerson => lists(lang).needs_person,
            // Those that need somebody are more than these.
            Self::In(ErasureState::Parked) => lists(lang).stuck,
            Self::In(state) => (words(lang).erasure_state)(state),
        }
    }

    fn states(self) -> Vec<ErasureState> {
        match self {
            Self::All => Vec::new(),
            Self::NeedsPerson => vec![ErasureState::Requested, ErasureState::Parked],
            Self::In(state) => vec![state],
        }
    }

    /// Whether one of which something is parked is among them.
    pub(super) fn has_parked(self, erasure: &Erasure) -> bool {
        match self {
            Self::All | Self::NeedsPerson | Self::In(ErasureState::Parked) => true,
            Self::In(state) => erasure.state == state,
        }
    }
}

impl When {
    const ALL: [Self; 3] = [Self::Any, Self::Due, Self::Late];

    fn word(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::Due => "due",
            Self::Late => "late",
        }
    }

    fn in_czech(self) -> &'static str {
        self.name(Lang::Cs)
    }

    fn in_english(self) -> &'static str {
        self.name(Lang::En)
    }

    fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::Any => lists(lang).time_any,
            Self::Due => lists(lang).time_due,
            Self::Late => lists(lang).time_late,
        }
    }
}

impl Filter {
    /// Of an address, as far as the account may see the company that it names.
    pub(super) fn read<N>(visitor: &Visitor<N>, fields: &Fields) -> Result<Self, Problem> {
        let company = match fields.text("company") {
            "" => None,
            name => Some(visitor.company(name)?),
        };
        let unknown = || Problem::new(Code::NotUnderstood, "the address names a list that is not there");
        let name = |of: &str| Some(fields.text(of)).filter(|name| name.len() <= NAME_BYTES_MAX).map(str::to_owned);
        Ok(Self {
            show: Show::read(fields.text("show")).ok_or_else(unknown)?,
            when: When::ALL.into_iter().find(|one| one.word() == fields.text("time")).ok_or_else(unknown)?,
            company,
            rule: name("rule").ok_or_else(unknown)?,
            target: name("target").ok_or_else(unknown)?,
        })
    }

    pub(super) fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// The same with another state.
    pub(super) fn with(&self, show: Show) -> Self {
        Self { show, ..self.clone() }
    }

    /// What stands behind the `?` of an address.
    pub(super) fn query(&self) -> String {
        let company = self.company.as_ref().map_or("", |company| &*company.0);
        let pairs = [
            ("show", self.show.word()),
            ("time", self.when.word()),
            ("company", company),
            ("rule", self.rule.as_str()),
            ("target", self.target.as_str()),
        ];
        query(&pairs)
    }

    /// The companies that are read, one after the other.
    pub(super) fn companies<N>(&self, visitor: &Visitor<N>) -> Vec<Option<InstallationName>> {
        match &self.company {
            Some(one) => vec![Some(one.clone())],
            None => companies(visitor),
        }
    }

    /// What the ledger is asked of one company; `None` where nothing can be late yet.
    pub(super) fn asked<N>(
        &self,
        visitor: &Visitor<N>,
        installation: Option<InstallationName>,
        limit: u32,
    ) -> Option<ErasureFilter> {
        let now = visitor.view.now;
        let due_before = match self.when {
            When::Any => None,
            When::Due => Some(now),
            When::Late => Some(visitor.on.settings.limits.calendar.late_before(now)?),
        };
        let named = |name: &str| Some(name).filter(|name| !name.is_empty()).map(str::to_owned);
        Some(ErasureFilter {
            states: self.show.states(),
            rule: named(&self.rule),
            target: named(&self.target).map(|name| TargetName(name.into())),
            installation,
            due_before,
            ..ErasureFilter::newest(limit)
        })
    }

    /// Whether one that the ledger has found is asked for: what a hold keeps, or nobody has approved, is not late.
    pub(super) fn has(&self, one: &Explained) -> bool {
        self.when != When::Late || one.late
    }

    /// The fields by which filters are combined.
    pub(super) fn form<N>(&self, visitor: &Visitor<N>) -> Markup {
        let (view, w, l) = (&visitor.view, visitor.view.words(), lists(visitor.view.lang));
        let time: fn(When) -> &'static str = match view.lang {
            Lang::Cs => When::in_czech,
            Lang::En => When::in_english,
        };
        let is_combined = !self.with(Show::All).is_everything();
        let rules = visitor.on.settings.policy.rules().map(|rule| rule.name.clone()).chain([REQUEST.to_owned()]);
        let rules: Vec<_> = rules.map(|rule| (rule_in_words(view, &rule), rule)).collect();
        html! {
            details open[is_combined] {
                summary { (l.more_filters) }
                form.filters method="get" action="/erasures" {
                    @if self.show != Show::All { input type="hidden" name="show" value=(self.show.word()); }
                    (company_filter(visitor, self.company.as_ref()))
                    (field(view, &[], "time", l.time, None, |aria| {
                        choices("time", &When::ALL, (When::word, time), Some(self.when), None, MustChoose::No, aria)
                    }))
                    (name_filter(visitor, "rule", l.rule, &self.rule, &rules))
                    (name_filter(visitor, "target", w.system, &self.target, &systems(visitor)))
                    button { (l.do_filter) }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_every_filter_and_nothing_that_is_not_chosen() {
        assert_eq!(Filter::default().query(), "");
        let all = Filter {
            show: Show::NeedsPerson,
            when: When::Late,
            company: Some(InstallationName("acme".into())),
            rule: "no consent & more".to_owned(),
            target: "crm".to_owned(),
        };
        assert_eq!(all.query(), "show=person&time=late&company=acme&rule=no%20consent%20%26%20more&target=crm");
        for show in Show::all() {
            assert_eq!(Show::read(show.word()), Some(show));
        }
        assert_eq!(Show::read("nonsense"), None);
    }
}
