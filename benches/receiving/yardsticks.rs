//! What receiving is compared with: a bare axum handler that reads the body, and the same that also appends the body
//! to a file, durably, as a group: the physical limit of this machine.

use std::fs::File;
use std::io::Write as _;
use std::sync::mpsc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use tokio::sync::oneshot;

/// One body and whoever waits for it to be on disk.
type Appended = (Bytes, oneshot::Sender<()>);

/// Serves a yardstick on a free port, which it prints, until the process is killed.
pub(crate) fn serve(yardstick: &str, folder: &str) {
    let app = match yardstick {
        "bare" => Router::new().route("/webhooks/bench", post(async |_: Bytes| StatusCode::NO_CONTENT)),
        "file" => {
            let file = File::create(format!("{folder}/appended")).expect("the folder is writable");
            let (sender, receiver) = mpsc::sync_channel(16_384);
            std::thread::spawn(move || append(file, &receiver));
            Router::new().route("/webhooks/bench", post(appending)).with_state(sender)
        }
        other => panic!("there is no yardstick `{other}`"),
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        announce(&listener.local_addr().expect("it is bound").to_string());
        use axum::serve::ListenerExt as _;
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a TCP socket"));
        axum::serve(listener, app).await.expect("it serves until it is killed");
    });
}

fn announce(address: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{address}").and_then(|()| out.flush()).expect("the parent reads");
}

async fn appending(State(sender): State<mpsc::SyncSender<Appended>>, body: Bytes) -> StatusCode {
    let (done, written) = oneshot::channel();
    if sender.try_send((body, done)).is_err() || written.await.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    StatusCode::NO_CONTENT
}

/// Appends whatever is waiting, syncs once, answers all.
fn append(mut file: File, receiver: &mpsc::Receiver<Appended>) {
    let mut bytes = Vec::new();
    let mut waiting = Vec::new();
    while let Ok(first) = receiver.recv() {
        bytes.clear();
        for (body, done) in std::iter::once(first).chain(receiver.try_iter()) {
            bytes.extend_from_slice(&body);
            waiting.push(done);
        }
        file.write_all(&bytes).and_then(|()| file.sync_data()).expect("the disk has room");
        for done in waiting.drain(..) {
            let _gave_up = done.send(());
        }
    }
}
