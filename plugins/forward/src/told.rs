//! The sentences that an answer, and with it a receipt, may have about what was handed on: what nobody has looked at, and what
//! the carrier keeps. README.md has each of them, which a test compares.

use quietus_plugin::Answer;

/// A message was confirmed, and that is all that is known.
pub(crate) const RECEIVERS: &str =
    "what the receivers did with the message, and the systems from which they erase: nobody has looked there";

/// A receiver has answered.
pub(crate) const BY_ITS_WORD: &str = "the receiver's systems: what is told of them is the receiver's own word";

/// <https://www.rabbitmq.com/docs/queues>, <https://www.rabbitmq.com/docs/ttl>.
pub(crate) const RABBITMQ_KEEPS: &str = "the message with the identifiers, in each queue that took it, until a consumer has \
    acknowledged it or its time to live is over; a stream keeps it until its retention is over (RabbitMQ's documentation)";

/// <https://docs.nats.io/nats-concepts/jetstream/streams>.
pub(crate) const NATS_KEEPS: &str = "the message with the identifiers, in the stream, until the stream's limits of age, number or \
    size remove it, or, by its retention policy, its consumers have acknowledged it (NATS's documentation)";

/// <https://kafka.apache.org/documentation/#topicconfigs>.
#[cfg(feature = "kafka")]
pub(crate) const KAFKA_KEEPS: &str = "the message with the identifiers, in the topic's log, consumed or not, until the topic's \
    retention deletes its segment: 7 days unless `retention.ms` says otherwise (Kafka's documentation)";

/// Before what a receiver says. Short, as the host keeps 200 characters of it all.
pub(crate) const RECEIVER: &str = "receiver: ";

/// What a receiver says of its own search stands on the receipt as that.
pub(crate) fn by_its_word(answer: Answer) -> Answer {
    let theirs = |texts: Vec<String>| texts.iter().map(|text| format!("{RECEIVER}{text}")).collect();
    let (looked_at, keeps) = (theirs(answer.looked_at), answer.keeps.map(theirs));
    Answer { looked_at, keeps, ..answer }.not_looked_at(BY_ITS_WORD)
}

/// The answer with what the carrier keeps, where it is known to.
pub(crate) fn handed_on(answer: Answer, keeps: Option<&'static str>) -> Answer {
    let answer = answer.not_looked_at(RECEIVERS);
    keeps.into_iter().fold(answer, Answer::keeps)
}
