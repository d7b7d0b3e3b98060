//! Random sequences of all that happens to erasures and their work, done on a ledger and on a model of it, which must
//! agree after each. The model is the pure functions of `erasure/life` and what the documentation of the ports says: a backend that writes
//! something else than they say, or forgets to ask them, is found without anybody having thought of the case.

mod action;
mod choice;
mod compare;
mod holds;
mod links;
mod model;
mod orders;
mod perform;
mod requests;
mod sessions;
mod steps;
mod task;
mod trail;
mod work;

use super::fixtures::Shared;
use crate::ledger::Invariant;
use perform::Run;
use trail::Trail;

/// Enough for erasures to come to their end, and few enough for some seconds.
const ACTIONS: usize = 440;

/// A look over all tables takes longer than what is done between two.
const LOOKED_OVER_EVERY: usize = 15;

pub(crate) async fn random_sequences_agree_with_the_pure_model(ledger: Shared) {
    let (mut trail, mut chance) = Trail::begin();
    let mut run = Run::new(ledger);
    for number in 0..ACTIONS {
        let action = choice::choose(&mut chance, &run.model, &run.held);
        trail.add(&action);
        run.perform(action).await;
        compare::agree(&run.ledger, &mut run.model).await;
        requests::agree(&run.ledger, &run.model).await;
        links::agree(&run.ledger, &run.model).await;
        if number % LOOKED_OVER_EVERY == 0 {
            nothing_is_broken(&run.ledger).await;
        }
    }
    for queue in choice::queues() {
        let action = action::Action::Claim { queue, most: 1_000, lease: super::fixtures::HOUR };
        trail.add(&action);
        run.perform(action).await;
    }
    compare::agree(&run.ledger, &mut run.model).await;
    compare::each_agrees(&run.ledger, &run.model).await;
    requests::agree(&run.ledger, &run.model).await;
    links::agree(&run.ledger, &run.model).await;
    nothing_is_broken(&run.ledger).await;
}

/// What holds between the tables holds after whatever was done.
async fn nothing_is_broken(ledger: &Shared) {
    for invariant in Invariant::ALL {
        assert_eq!(ledger.count_broken(invariant).await.expect("counted"), 0, "{}", invariant.as_str());
    }
}
