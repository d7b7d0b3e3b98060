//! How many files and connections the process may have open. Many systems give it 1,024, and let it have more if it asks.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

use crate::http::EXCESS_MAX;

/// Connections of a listener beside the one for deliveries: whoever may reach it is not to take what deliveries need.
pub(super) const SIDE_CONNECTIONS_MAX: usize = 64;

/// What may be open beside the connections for deliveries: the ledger, calls, plugins, the three other listeners' connections.
const OTHERS: usize = 512 + 3 * (SIDE_CONNECTIONS_MAX + EXCESS_MAX);

/// No more, where a container lets it have a thousand millions: programs that it starts may close each that they could have.
const FILES_MAX: u64 = 1 << 20;

/// More connections than fit, and somebody counts on them.
#[derive(Debug, thiserror::Error)]
#[error(
    "server.connections_max = {wanted} needs {files} open files, and the system lets this process have fewer: beside the ledger, plugins \
     and calls, at most {fits} connections are taken then. Raise the limit (`ulimit -Hn`, `LimitNOFILE=`) or lower the number"
)]
pub(crate) struct TooManyConnections {
    wanted: usize,
    files: usize,
    fits: usize,
}

/// Raises it to what this process may have; returns how many connections there may be of so many. With more than fit, not even the ledger
/// could be opened: a number that somebody has said is refused, and of the default there are fewer.
pub(super) fn raise(connections: usize, is_said: bool) -> Result<usize, TooManyConnections> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = maximum.map_or(FILES_MAX, |most| most.min(FILES_MAX)).max(current.unwrap_or(FILES_MAX));
    let is_raised = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum }).is_ok();
    let given = if is_raised { Some(most) } else { current };
    let fits = fitting(given.and_then(|given| usize::try_from(given).ok()).unwrap_or(usize::MAX)).min(connections);
    if fits < connections {
        if is_said {
            let files = connections.saturating_add(EXCESS_MAX + OTHERS);
            return Err(TooManyConnections { wanted: connections, files, fits });
        }
        warn!(
            connections = fits,
            wanted = connections,
            "the process may not open more files: raise its limit (`ulimit -Hn`, `LimitNOFILE=`)"
        );
    }
    Ok(fits)
}

/// How many connections fit into so many open files. A quarter of few, as something has to be received.
fn fitting(files: usize) -> usize {
    files.saturating_sub(EXCESS_MAX + OTHERS).max(files / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_else_is_open_has_room_beside_the_connections() {
        assert_eq!([512, 1_024, 5_824].map(fitting), [128, 256, 4_096]);
    }
}
