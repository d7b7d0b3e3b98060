#[test]
fn no_library_may_log_the_numbers_that_it_reads() {
    // `rlibphonenumber` logs each number at the level "trace".
    assert!(log::STATIC_MAX_LEVEL < log::LevelFilter::Trace);
}
