//! A storage that speaks S3: moto's, a server in Python that keeps versions, delete markers, uploads and locks as Amazon's.

use std::net::TcpStream;

use crate::keeper::Keeper;
use crate::owner::Owner;
use crate::service::{Recipe, Service};

/// A running server, empty. It takes any credentials. Dropping it ends it.
pub struct S3(Service);

impl S3 {
    /// Starts it on a free port.
    #[must_use]
    pub fn start() -> Self {
        let python = std::env::var("QUIETUS_TEST_PYTHON").unwrap_or_else(|_| {
            panic!("QUIETUS_TEST_PYTHON names no Python with tests/requirements.txt: run tests/run, which makes one")
        });
        let keeper = Keeper::new(Owner::tester(), "s3", "KILL");
        let words = move |_: &std::path::Path, port: u16| {
            let port = port.to_string();
            [&python, "-m", "moto.server", "-H", "127.0.0.1", "-p", &port].map(str::to_owned).to_vec()
        };
        let is_ready = |_: &_, _: &_, port| TcpStream::connect(("127.0.0.1", port)).is_ok();
        Self(Service::start(keeper, Recipe { words: Box::new(words), is_ready, port_is_taken: "already in use" }))
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.0.port())
    }

    /// Ends it; what it kept is lost.
    pub fn stop(&self) {
        self.0.stop("KILL");
    }
}
