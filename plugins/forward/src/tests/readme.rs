//! A receipt's sentences about limits are the README's, so that neither says more than the other.

use quietus_plugin::unsaid;

use crate::told;

#[test]
fn the_readme_has_each_sentence_that_a_receipt_may_have() {
    let sentences = [
        told::RECEIVERS,
        told::BY_ITS_WORD,
        told::RABBITMQ_KEEPS,
        told::NATS_KEEPS,
        #[cfg(feature = "kafka")]
        told::KAFKA_KEEPS,
        told::RECEIVER,
    ];
    assert_eq!(unsaid(include_str!("../../README.md"), sentences), [""; 0]);
}
