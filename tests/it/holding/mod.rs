//! What an officer keeps from being erased, or has no more of done.

mod between;
mod holds;
mod law;
mod pausing;
mod stopping;

use crate::harness::{Deployment, wait_for};

/// Waits until mluvii has done its part of the one erasure, and somebody has looked.
#[track_caller]
fn mluvii_is_done(deployment: &Deployment) {
    wait_for("mluvii to have erased", || {
        let erasure = deployment.json(&["erasures", "list"])[0].clone();
        let mut steps = erasure["steps"].as_array()?.iter();
        let is_done = |step: &serde_json::Value| step["outcome"] == "erased" && step["stage"].is_null();
        steps.any(|step| step["target"] == "mluvii" && is_done(step)).then_some(())
    });
}
