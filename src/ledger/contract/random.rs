//! Random sequences of all that happens to erasures and their work, done on a ledger and on a model of it, which must
//! agree after each. The model is the pure functions of `erasure/life` and what the documentation of the ports says: a backend that writes
//! something else than they say, or forgets to ask them, is found without anybody having thought of the case.

mod action;
mod chance;
mod choice;
mod compare;
mod model;
mod orders;
mod perform;
mod sessions;
mod steps;
mod task;
mod trail;
mod work;

use super::fixtures::Shared;
use perform::Run;
use trail::Trail;

/// Enough for erasures to come to their end, and few enough for a second or two.
const ACTIONS: usize = 300;

pub(crate) async fn random_sequences_agree_with_the_pure_model(ledger: Shared) {
    let (mut trail, mut chance) = Trail::begin();
    let mut run = Run::new(ledger);
    for _ in 0..ACTIONS {
        let action = choice::choose(&mut chance, &run.model, &run.held);
        trail.add(&action);
        run.perform(action).await;
        compare::agree(&run.ledger, &mut run.model).await;
    }
    for queue in choice::queues() {
        let action = action::Action::Claim { queue, most: 1_000, lease: super::fixtures::HOUR };
        trail.add(&action);
        run.perform(action).await;
    }
    compare::agree(&run.ledger, &mut run.model).await;
    compare::each_agrees(&run.ledger, &run.model).await;
}
