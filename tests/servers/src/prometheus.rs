//! Prometheus, which asks one server for its metrics several times a second and evaluates alert rules as often.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use crate::keeper::{Keeper, Process};
use crate::owner::Owner;
use crate::service::{Recipe, Service};

/// A server on the loopback interface. Dropping it removes it.
pub struct Prometheus(Service);

impl Prometheus {
    /// A new server that asks `target`, as the job `quietus`, and has these alert rules.
    pub fn start(target: SocketAddr, rules: &str) -> Self {
        let keeper = Keeper::new(Owner::tester(), "prometheus", "KILL");
        let rules = rules.to_owned();
        let words = move |folder: &Path, port: u16| {
            let write = |name: &str, text: &str| {
                std::fs::write(folder.join(name), text).expect("the server's folder is writable");
            };
            write("rules.yml", &rules);
            let config = format!(
                "global: {{ scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms }}\n\
                 rule_files: [rules.yml]\n\
                 scrape_configs:\n- job_name: quietus\n  static_configs:\n  - targets: [\"{target}\"]\n"
            );
            write("prometheus.yml", &config);
            let at = |name: &str| folder.join(name).to_str().expect("a temporary folder's name is text").to_owned();
            vec![
                "prometheus".to_owned(),
                format!("--config.file={}", at("prometheus.yml")),
                format!("--storage.tsdb.path={}", at("data")),
                format!("--web.listen-address=127.0.0.1:{port}"),
            ]
        };
        let recipe = Recipe { words: Box::new(words), is_ready, port_is_taken: "address already in use" };
        Self(Service::start(keeper, recipe))
    }

    /// The address of its API.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.0.port())
    }
}

fn is_ready(_: &Process, _: &Path, port: u16) -> bool {
    let asked = TcpStream::connect(("127.0.0.1", port)).and_then(|mut stream| {
        stream.write_all(b"GET /-/ready HTTP/1.0\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    });
    asked.is_ok_and(|answer| answer.ends_with(b" 200"))
}
