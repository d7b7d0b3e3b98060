//! Whatever a stranger writes to the port is answered or cut off, and nothing of it is recorded.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::fuzz::Fuzz;
use crate::ledger::Records as _;

#[test]
fn heads() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let bench = Bench::new("header_read_max = '1s'\nbody_read_max = '1s'");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let address = listener.local_addr().expect("an address");
        let receiver = bench.receiver_of(&state_on(bench.ledger.clone()), hard_to_guess());
        let router = router(receiver, bench.readiness(Ending::default()));
        let closing = CancellationToken::new();
        let serving = {
            let (settings, stop) = (bench.live_settings(), Stop::at_once(closing.clone()));
            tokio::spawn(async move { serve(listener, router, &settings, stop).await })
        };
        let asking = tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            Fuzz::new("heads").run(1_500, |input| runtime.block_on(answered(address, input)));
        });
        asking.await.expect("none of them failed");
        let counts = bench.ledger.counts().await.expect("counts");
        assert_eq!((counts.events_waiting, counts.quarantined), (0, 0));
        closing.cancel();
        assert_eq!(serving.await.expect("no panic"), Drained::All);
    });
}

/// Sends it all, and returns the status lines of what comes back.
async fn answered(address: std::net::SocketAddr, input: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("the server lives");
    let (mut reader, mut writer) = stream.split();
    let mut answer = Vec::new();
    let send = async {
        // It may be cut off before all is sent.
        let _ = writer.write_all(input).await;
        let _ = writer.shutdown().await;
    };
    let _ = tokio::join!(send, reader.read_to_end(&mut answer));
    let text = String::from_utf8_lossy(&answer);
    let statuses: Vec<_> = text.lines().filter(|line| line.starts_with("HTTP/1.")).collect();
    assert!(answer.is_empty() || text.starts_with("HTTP/1."), "{text}");
    assert!(!statuses.iter().any(|line| line.contains(" 204 ") || line.contains(" 500 ")), "{text}");
    statuses.join(", ")
}

fn hard_to_guess() -> Source {
    let settings = "name = 'acme'\nauth = [{ basic = { user = 'mluvii', password = { env = 'p' } } }, \
                    { query = { parameter = 'secret', secrets = { env = 'q' } } }, \
                    { hmac = { header = 'x-signature', secrets = { env = 'h' } } }]";
    let settings = Figment::from(Toml::string(settings)).extract().expect("settings");
    Source::new(&settings, &|_: &SecretRef| Ok(Secret::new("a secret of nobody here"))).expect("a source")
}
