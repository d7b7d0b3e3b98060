//! In which order targets are asked what they know a person by: what one of them returns, another one may need to be told before it can
//! say anything.

use std::collections::{BTreeMap, BTreeSet};

use crate::subject::{Kind, TargetName};

/// A target that says what it knows, and what it may be told first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    pub(crate) name: TargetName,
    pub(crate) returns: BTreeSet<Kind>,
    pub(crate) takes: BTreeSet<Kind>,
    /// Of what it takes, what it cannot be asked without.
    pub(crate) requires: BTreeSet<Kind>,
}

impl Exchange {
    /// What it may be told of what another one returns.
    fn told_by<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a Kind> {
        other.returns.intersection(&self.takes).filter(move |_| other.name != self.name)
    }

    /// Whether it can be asked by what is known.
    fn can_be_asked(&self, known: &BTreeSet<Kind>) -> bool {
        self.requires.is_subset(known) && !self.takes.is_disjoint(known)
    }
}

/// The round in which each is asked: after all whose answers it may be told. Of those who wait for one another, it is one that can be asked
/// all the same; rather one that would be told but more of what is known from the start (`given`). Where none can be asked, all are that are left:
/// nobody waits for ever.
pub(crate) fn rounds(all: &[Exchange], given: &BTreeSet<Kind>) -> BTreeMap<TargetName, u32> {
    let mut known = given.clone();
    let mut rounds = BTreeMap::new();
    let mut left: Vec<&Exchange> = all.iter().collect();
    for round in 0.. {
        if left.is_empty() {
            break;
        }
        let can_be_asked: Vec<&Exchange> = left.iter().filter(|one| one.can_be_asked(&known)).copied().collect();
        let told =
            |one: &Exchange, counts: &dyn Fn(&Kind) -> bool| left.iter().any(|other| one.told_by(other).any(counts));
        let without = |counts: &dyn Fn(&Kind) -> bool| {
            let first: Vec<_> = can_be_asked.iter().filter(|one| !told(one, counts)).copied().collect();
            (!first.is_empty()).then_some(first)
        };
        let first = without(&|_| true).or_else(|| without(&|kind| !given.contains(kind)));
        let asked = match first {
            Some(first) => first,
            None if can_be_asked.is_empty() => left.clone(),
            None => can_be_asked,
        };
        left.retain(|one| asked.iter().all(|asked| asked.name != one.name));
        known.extend(asked.iter().flat_map(|one| one.returns.iter().cloned()));
        rounds.extend(asked.into_iter().map(|one| (one.name.clone(), round)));
    }
    rounds
}

/// Targets each of which waits for what the next one returns, and the last one for the first, so that none of them can ever be asked; each
/// with the kind that it waits for. `given` is what is known from the start.
pub(crate) fn circle<'a>(all: &'a [Exchange], given: &BTreeSet<Kind>) -> Option<Vec<(&'a TargetName, &'a Kind)>> {
    let mut known = given.clone();
    let mut waiting: Vec<&'a Exchange> = all.iter().collect();
    loop {
        let (asked, others): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|one| one.can_be_asked(&known));
        waiting = others;
        if asked.is_empty() {
            break;
        }
        known.extend(asked.into_iter().flat_map(|one| one.returns.iter().cloned()));
    }
    // One who lacks what nobody returns waits for nobody.
    let next = |of: &'a Exchange| {
        let lacks =
            |kind: &&Kind| !known.contains(*kind) && (of.requires.contains(*kind) || of.takes.is_disjoint(&known));
        waiting.iter().find_map(|other| of.told_by(other).find(lacks).map(|kind| (*other, kind)))
    };
    waiting.iter().find_map(|one| {
        let mut way: Vec<(&TargetName, &Kind)> = Vec::new();
        let mut at = *one;
        while let Some((other, kind)) = next(at) {
            if let Some(begin) = way.iter().position(|(name, _)| **name == at.name) {
                return Some(way.split_off(begin));
            }
            way.push((&at.name, kind));
            at = other;
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(words: &[&str]) -> BTreeSet<Kind> {
        words.iter().map(|word| word.parse().expect("a kind")).collect()
    }

    /// A target, what it returns, what it may be told, and what of that it needs.
    type Of<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a [&'a str]);

    fn exchanges(all: &[Of<'_>]) -> Vec<Exchange> {
        let of = |&(name, returns, takes, requires): &Of<'_>| Exchange {
            name: TargetName(name.into()),
            returns: kinds(returns),
            takes: kinds(takes),
            requires: kinds(requires),
        };
        all.iter().map(of).collect()
    }

    #[track_caller]
    fn check(all: &[Of<'_>], expected: &[(&str, u32)], in_circle: &[(&str, &str)]) {
        let (all, given) = (exchanges(all), kinds(&["email", "phone"]));
        let found = rounds(&all, &given);
        let found: Vec<_> = found.iter().map(|(name, round)| (&*name.0, *round)).collect();
        assert_eq!(found, expected);
        let circle = circle(&all, &given).unwrap_or_default();
        let circle: Vec<_> = circle.iter().map(|(name, kind)| (&*name.0, kind.as_str())).collect();
        assert_eq!(circle, in_circle);
    }

    #[test]
    fn who_needs_what_another_one_returns_is_asked_after_it() {
        let crm: Of<'_> = ("crm", &["customer_no"], &["email"], &["email"]);
        let erp: Of<'_> = ("erp", &["order_no"], &["customer_no"], &["customer_no"]);
        let wms: Of<'_> = ("wms", &["parcel_no"], &["order_no"], &[]);
        check(&[wms, erp, crm], &[("crm", 0), ("erp", 1), ("wms", 2)], &[]);
        check(
            &[erp, wms, crm, ("shop", &["customer_no"], &["phone"], &[])],
            &[("crm", 0), ("erp", 1), ("shop", 0), ("wms", 2)],
            &[],
        );
        // One that takes all of it is the last, by whichever way it comes.
        let all: Of<'_> = ("all", &["ticket_no"], &["email", "customer_no", "parcel_no"], &[]);
        check(&[all, crm, erp, wms], &[("all", 3), ("crm", 0), ("erp", 1), ("wms", 2)], &[]);
    }

    #[test]
    fn of_those_who_wait_for_one_another_the_one_that_can_be_asked_is_first() {
        let crm: Of<'_> = ("crm", &["customer_no"], &["email"], &["email"]);
        check(&[crm, ("erp", &["email"], &["customer_no"], &[])], &[("crm", 0), ("erp", 1)], &[]);
        let also: Of<'_> = ("crm", &["customer_no"], &["email", "order_no"], &["email"]);
        check(&[also, ("erp", &["order_no"], &["customer_no"], &[])], &[("crm", 0), ("erp", 1)], &[]);
        // Each knows further addresses: side by side, as nobody can say who is to be first.
        check(&[("a", &["email"], &["email"], &[]), ("b", &["email"], &["email"], &[])], &[("a", 0), ("b", 0)], &[]);
    }

    #[test]
    fn where_nobody_could_be_first_the_circle_is_named() {
        let crm: Of<'_> = ("crm", &["customer_no"], &["email", "order_no"], &["order_no"]);
        let erp: Of<'_> = ("erp", &["order_no"], &["customer_no"], &[]);
        let circle = [("crm", "order_no"), ("erp", "customer_no")];
        check(&[crm, erp], &[("crm", 0), ("erp", 0)], &circle);
        // Others wait for it and are no part of it; nor is one that lacks what nobody returns.
        let wms: Of<'_> = ("a-wms", &["parcel_no"], &["order_no"], &["order_no"]);
        let odd: Of<'_> = ("odd", &["x"], &["y"], &["y"]);
        check(
            &[wms, crm, erp, odd],
            &[("a-wms", 0), ("crm", 0), ("erp", 0), ("odd", 0)],
            &[("erp", "customer_no"), ("crm", "order_no")],
        );
        check(&[odd], &[("odd", 0)], &[]);
        // Whoever tells one of them ends it.
        let shop: Of<'_> = ("shop", &["customer_no"], &["phone"], &[]);
        check(&[crm, erp, shop], &[("crm", 2), ("erp", 1), ("shop", 0)], &[]);
    }
}
