//! What is sealed opens as a part of its own record only. Such a story is given a way to change what is stored past the port.

use super::clock::Sql;
use super::fixtures::*;
use crate::erasure::life::Finds;
use crate::erasure::{Capsule, ErasureId, NewErasure};
use crate::ledger::{Finished, QueueName, Resolution, StepEnd, Work};
use crate::subject::{Identifier, Identifiers, Kind, Whom};

/// Whom the capsules of the work of a queue name, where all of them open.
async fn whom(ledger: &Shared, queue: &QueueName) -> Vec<(ErasureId, Option<Whom>)> {
    let mut all = Vec::new();
    for claim in claim(ledger, queue).await {
        let (id, capsules) = match &claim.work {
            Work::Resolve(work) => (work.id, &work.capsules),
            Work::Step(work) => (work.erasure, &work.capsules),
            other => panic!("{other:?}"),
        };
        let mut whom = Some(Whom::default());
        for capsule in capsules {
            match (capsule.open(id, &seal()), &mut whom) {
                (Ok(more), Some(whom)) => whom.extend(more),
                _ => whom = None,
            }
        }
        all.push((id, whom));
        put_back(ledger, claim).await;
    }
    all.sort_by_key(|(id, _)| id.0);
    all
}

fn named(emails: &[&str]) -> Option<Whom> {
    let identifiers = emails.iter().filter_map(|email| Identifier::new(Kind::Email, email)).collect();
    Some(Whom { identifiers: Identifiers(identifiers), ..Whom::default() })
}

async fn ask(ledger: &Shared, id: u8, person_of: u8, email: &str) -> ErasureId {
    let demand = erasure_of(person(person_of), &["crm"], in_hours(-1));
    let demand = NewErasure { id: ErasureId([id; 16]), capsule: to_seal(email), ..demand };
    ledger.request(demand, &by()).await.expect("requested")
}

pub(crate) async fn a_capsule_opens_as_its_own_erasures_only(ledger: Shared, sql: Sql<'_>) {
    let ann = ask(&ledger, 1, 1, "ann@x.cz").await;
    // Sealed as the one that it has joined, not as the one that it was to be.
    assert_eq!(ask(&ledger, 9, 1, "ann@work.cz").await, ann);
    let bob = ask(&ledger, 2, 2, "bob@x.cz").await;
    let expected = [(ann, named(&["ann@x.cz", "ann@work.cz"])), (bob, named(&["bob@x.cz"]))];
    assert_eq!(whom(&ledger, &to_resolve()).await, expected);

    // The rows are swapped: both are as whole as they were.
    sql("UPDATE capsule SET erasure = (SELECT id FROM erasure WHERE erasure.id <> capsule.erasure)");
    assert_eq!(whom(&ledger, &to_resolve()).await, [(ann, None), (bob, None)]);
}

pub(crate) async fn what_was_found_of_one_is_told_of_nobody_else(ledger: Shared, sql: Sql<'_>) {
    let mut ids = [ErasureId([0; 16]); 2];
    let mut all = Vec::new();
    for (of, email) in [(1, "ann@x.cz"), (2, "bob@x.cz")] {
        let id = ask(&ledger, of, of, email).await;
        let claim = only(claim(&ledger, &to_resolve()).await);
        let capsule = Capsule::seal(&named(&[email]).expect("somebody"), id, &seal());
        let finds = Finds { first: [(target("crm"), 0)].into(), ..Default::default() };
        let resolved = Resolution { capsule, finds, ..resolution(Vec::new()) };
        assert_eq!(ledger.resolved(claim, resolved).await.expect("resolved"), Finished::Done);
        let more = Capsule::seal(&named(&[&format!("more.{email}")]).expect("somebody"), id, &seal());
        step_end(&ledger, "crm", StepEnd::Found { capsule: Some(more), more: false }).await;
        let held = claim_step(&ledger, "crm").await;
        let Work::Step(work) = &held.work else { panic!("not a step") };
        assert_eq!(work.capsules.len(), 2);
        all.push(held);
        ids[usize::from(of) - 1] = id;
    }
    for held in all {
        put_back(&ledger, held).await;
    }
    let of_crm = QueueName::Step(target("crm"));
    let both = |email: &str| named(&[email, &format!("more.{email}")]);
    assert_eq!(whom(&ledger, &of_crm).await, [(ids[0], both("ann@x.cz")), (ids[1], both("bob@x.cz"))]);
    // One row of the second is the first one's.
    sql(
        "UPDATE capsule SET wrapped_key = (SELECT wrapped_key FROM capsule WHERE id = (SELECT MIN(id) FROM capsule)), \
                            content = (SELECT content FROM capsule WHERE id = (SELECT MIN(id) FROM capsule)) \
         WHERE id = (SELECT MAX(id) FROM capsule)",
    );
    assert_eq!(whom(&ledger, &of_crm).await, [(ids[0], both("ann@x.cz")), (ids[1], None)]);
}
