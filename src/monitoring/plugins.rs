//! The plugins of this process.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::exposition::{Exposition, Kind};
use crate::plugin::{PluginHost, PluginState, PluginView};
use crate::subject::TargetName;

pub(super) fn write(text: &mut Exposition, plugins: &BTreeMap<TargetName, Arc<PluginHost>>) {
    let views: Vec<_> = plugins.values().map(|host| host.view()).collect();
    write_views(text, &views);
}

/// A state is 1 where it holds and 0 where not, so that none stays behind when it changes.
pub(super) fn write_views(text: &mut Exposition, views: &[PluginView]) {
    let help = "Whether a plugin of this process is in a state: 1 for one of them.";
    let mut family = text.family("quietus_plugin_state", Kind::Gauge, help);
    for view in views {
        for state in PluginState::NAMES {
            let holds = view.state.as_str() == state;
            family.sample(&[("plugin", &view.name.0), ("state", state)], holds);
        }
    }
    let help = "How often a plugin's process was started after the first time, by this process.";
    let mut family = text.family("quietus_plugin_restarts_total", Kind::Counter, help);
    views.iter().for_each(|view| family.sample(&[("plugin", &view.name.0)], view.restarts));
    let help = "Calls of a plugin that are under way in this process.";
    let mut family = text.family("quietus_plugin_calls_under_way", Kind::Gauge, help);
    views.iter().for_each(|view| family.sample(&[("plugin", &view.name.0)], view.calls as u64));
}
