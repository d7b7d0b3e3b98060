//! Operations of a running server, for whoever orders over HTTP: by whatever configuration there is then, and by what runs for it.

use std::sync::{Arc, Mutex, Weak};

use anyhow::Context as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::generation::Generation;
use super::operations::operations;
use crate::ledger::Ledger;
use crate::lock::{Replaceable, lock};
use crate::operations::{Operations, RunningTargets};
use crate::subject::InstallationName;

/// Operations by the configuration at work.
pub(super) type OperationsNow = Box<dyn Fn() -> Arc<Operations> + Send + Sync>;

/// They are made once for each configuration, as anybody may ask: making them compiles its rules.
pub(super) fn operations_at_work(current: Arc<Replaceable<Generation>>, ledger: Arc<dyn Ledger>) -> OperationsNow {
    let made: Mutex<Option<(Weak<Generation>, Arc<Operations>)>> = Mutex::default();
    Box::new(move || {
        let generation = current.current();
        let mut made = lock(&made);
        if let Some((of, on)) = &*made
            && of.as_ptr() == Arc::as_ptr(&generation)
        {
            return Arc::clone(on);
        }
        let on = Arc::new(operations_of(&generation, Arc::clone(&ledger)));
        // Not the generation itself: its plugins end with it.
        *made = Some((Arc::downgrade(&generation), Arc::clone(&on)));
        on
    })
}

/// They call mluvii and targets by what runs for the configuration, and start nothing of their own: otherwise each plan that is asked for
/// would start all plugins once more.
fn operations_of(generation: &Arc<Generation>, ledger: Arc<dyn Ledger>) -> Operations {
    let mut on = operations(Arc::clone(&generation.loaded.config), ledger);
    // It is not kept, as its plugins end with it.
    let of = Arc::downgrade(generation);
    on.resources.targets = Box::new(move || {
        let generation = of.upgrade().context("another configuration has taken the place of this one; ask again")?;
        let targets = generation.worker.targets.clone();
        let (mut processes, shutdown) = (JoinSet::new(), CancellationToken::new());
        // Its plugins run for as long as they are asked.
        let over = shutdown.clone();
        processes.spawn(async move {
            over.cancelled().await;
            drop(generation);
        });
        Ok(RunningTargets { targets, processes, shutdown })
    });
    let clients = generation.mluvii.clone();
    on.resources.client = Box::new(move |name: &InstallationName| {
        Ok(Arc::clone(clients.get(name).expect("operations know the installations of the configuration only")))
    });
    on
}
