use super::*;
use crate::keys::Fingerprint;
use crate::subject::Kind;

fn print(byte: u8, version: u16, supplementary: bool) -> Fingerprinted {
    Fingerprinted { kind: Kind::Phone, fingerprint: Fingerprint([byte; 32]), version, supplementary }
}

#[test]
fn a_number_that_is_also_one_to_call_back_may_contradict() {
    let all = [print(1, 1, true), print(2, 1, true), print(1, 1, false), print(1, 2, true)];
    let kept: Vec<_> = distinct(&all).into_iter().cloned().collect();
    assert_eq!(kept, [print(1, 1, false), print(1, 2, true), print(2, 1, true)]);
}
