use super::*;

#[test]
fn a_page_says_where_the_next_one_begins_where_there_is_one() {
    let next = |number: &u64| Cursor::Up(1).after(*number);
    assert_eq!(Page::of(vec![1, 2, 3], 2, next), Page { items: vec![1, 2], next: Some(Cursor::Up(3)) });
    assert_eq!(Page::of(vec![1, 2], 2, next), Page { items: vec![1, 2], next: None });
    assert_eq!(Page::of(vec![7], 0, next), Page { items: vec![], next: None });
    assert_eq!((Cursor::NEWEST.after(3), Cursor::NEWEST.after(0)), (Cursor::Down(2), Cursor::Down(0)));
}

#[test]
fn a_cursor_is_read_back_and_nothing_else_is_one() {
    for cursor in [Cursor::OLDEST, Cursor::NEWEST, Cursor::Up(17)] {
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }
    let before_1970 = Timestamp::from_millisecond(-5).expect("a time");
    for due in [before_1970, Timestamp::from_millisecond(1_790_000_000_000).expect("a time")] {
        let cursor = ErasureCursor { due, id: ErasureId([0xab; 16]) };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }
    for text in ["", "u", "x1", "u-1", "č1", "d99999999999999999999"] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
    for text in ["", "1", "-", "1-", "x-00", "99999999999999999999-00000000000000000000000000000000"] {
        assert!(text.parse::<ErasureCursor>().is_err(), "{text}");
    }
}

#[test]
fn erasures_that_were_found_by_their_states_are_put_in_one_order() {
    let found = [1, 3, 2, 3].map(|byte| ErasureId([byte; 16])).to_vec();
    let page = |filter: &ErasureFilter| {
        let (ids, there_are_more) = filter.page_of(found.clone());
        (ids.iter().map(|id| id.0[0]).collect::<Vec<_>>(), there_are_more)
    };
    assert_eq!(page(&ErasureFilter::newest(2)), (vec![3, 2], true));
    assert_eq!(page(&ErasureFilter::newest(3)), (vec![3, 2, 1], false));
    let by_due = ErasureFilter { due_before: Some(Timestamp::MAX), ..ErasureFilter::newest(2) };
    assert_eq!(page(&by_due), (vec![1, 3], true));
}
