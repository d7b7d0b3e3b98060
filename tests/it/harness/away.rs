//! An address at which nobody listens, until somebody does.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;

/// A place that is reserved, where connections are refused.
pub(crate) struct Away {
    runtime: Runtime,
    socket: TcpSocket,
    address: SocketAddr,
}

impl Away {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
        let address = socket.local_addr().expect("bound");
        Self { runtime: runtime.expect("a runtime"), socket, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From here on, connections are passed to `url`, for as long as what is returned lives.
    pub(crate) fn comes_back_as(self, url: &str) -> Runtime {
        let to = url.trim_start_matches("http://").to_owned();
        let listener = {
            let _runtime = self.runtime.enter();
            self.socket.listen(64).expect("the port is ours")
        };
        self.runtime.spawn(async move {
            while let Ok((mut from, _)) = listener.accept().await {
                let to = to.clone();
                tokio::spawn(async move {
                    let mut to = TcpStream::connect(to).await.expect("the stand-in listens");
                    // One of the two hung up.
                    let _ended = copy_bidirectional(&mut from, &mut to).await;
                });
            }
        });
        self.runtime
    }
}
