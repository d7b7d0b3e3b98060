//! Plugins that mean harm, on the real server: whatever they do, deliveries are taken, the other plugins go on, and not
//! one acknowledged event or step is lost.
//!
//! A [`trial`] is a deployment with many hostile plugins at once, all of them harmful at the same time; each row of its table is
//! one of them, with what the host guarantees of it.

pub(crate) mod compiled;
mod crashes;
mod files;
mod floods;
mod flow;
mod frames;
mod hangs;
mod killed;
mod lifecycle;
mod processes;
mod sandbox;
mod tables;
mod trial;
