//! A receipt's sentences about limits are the README's, so that neither says more than the other.

use crate::told;

#[test]
fn the_readme_has_each_sentence_that_a_receipt_may_have() {
    let readme = include_str!("../../README.md").split_whitespace().collect::<Vec<_>>().join(" ");
    let sentences = [
        told::RECEIVERS,
        told::BY_ITS_WORD,
        told::RABBITMQ_KEEPS,
        told::NATS_KEEPS,
        #[cfg(feature = "kafka")]
        told::KAFKA_KEEPS,
        told::RECEIVER,
    ];
    for sentence in sentences {
        assert!(readme.contains(sentence.trim()), "{sentence}");
        assert!(sentence.chars().count() <= 200, "the host would cut it: {sentence}");
    }
}
