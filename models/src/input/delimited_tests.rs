//! What delimited logs give, and the error for each thing that can be wrong with one.

use super::super::KindWords;
use super::super::{LogFormat, read_log_from};
use super::*;
use crate::dataset::Dataset;

fn format() -> DelimitedFormat {
    DelimitedFormat::csv("user", "item").time("time").kind("event")
}

fn read(text: impl AsRef<[u8]>) -> Result<Dataset, InputError> {
    read_log_from(text.as_ref(), &LogFormat::Delimited(format()), &mut |_| ())
}

fn message(text: impl AsRef<[u8]>) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn columns_are_found_by_name_in_any_order() {
    let log = read(
        "\u{feff}time, extra ,item,event,user\r\n30,\"x, y\",lamp,Purchase,u2\r\n10,,desk,pv,u1\r\n\r\n\
         20,,lamp,AddToCart,u2\r\n",
    )
    .unwrap();
    assert_eq!(log.items, ["lamp", "desk"]);
    assert_eq!(log.sequences.len(), 2);
    let of_u2 = &log.sequences[0];
    assert_eq!(of_u2.user, "u2");
    assert_eq!(of_u2.events[0].kind, InteractionKind::Cart);
    assert_eq!(of_u2.events[0].time_ms, Some(20_000));
    assert_eq!(of_u2.events[1].kind, InteractionKind::Purchase);
}

#[test]
fn without_a_time_column_the_order_of_the_file_counts() {
    let format = LogFormat::Delimited(DelimitedFormat::tsv("s", "i"));
    let log = read_log_from("s\ti\n1\tb\n2\tc\n1\ta\n".as_bytes(), &format, &mut |_| ()).unwrap();
    let first: Vec<u32> = log.sequences[0].events.iter().map(|event| event.item).collect();
    assert_eq!((first, log.sequences[0].events[0].time_ms), (vec![0, 2], None));
}

#[test]
fn an_unknown_kind_is_refused_unless_it_is_to_be_left_out() {
    let text = "user,item,event,time\nu,a,view,1\nu,b,Remove_From_Cart,2\n";
    let error = message(text);
    assert!(error.starts_with("log, line 3, column `event`: expected an event kind: view,"), "{error}");
    assert!(error.ends_with("found text of 16 bytes"), "{error}");
    assert!(message("user,item,event,time\nu,a,3,1\n").ends_with("found a whole number"));
    assert!(message("user,item,event,time\nu,a,,1\n").ends_with("found nothing"));
    let mut format = format();
    format.columns.kinds = KindWords::default().skipped("remove_from_cart");
    let log = read_log_from(text.as_bytes(), &LogFormat::Delimited(format), &mut |_| ()).unwrap();
    assert_eq!(log.items, ["a"]);
}

#[test]
fn a_missing_column_says_which_there_are() {
    assert_eq!(
        message("user,product,event,time\nu,a,view,1\n"),
        "log: no column `item`; the columns are `user`, `product`, `event`, `time`"
    );
    assert_eq!(message(""), "log: no column `user`; the columns are none");
    let wide: Vec<String> = (0..30).map(|n| format!("c{n}")).collect();
    assert!(message(wide.join(",")).ends_with("`c19`, and 10 more"));
}

#[test]
fn two_columns_of_one_name_are_refused() {
    assert_eq!(message("user,item,event, user ,time\n"), "log: columns 1 and 4 are both called `user`");
}

#[test]
fn ids_are_checked_with_line_and_column() {
    assert_eq!(
        message("user,item,event,time\nu,a,view,1\n  ,a,view,1\n"),
        "log, line 3, column `user`: expected an id of 1 to 256 bytes without control characters, found nothing"
    );
    assert!(message("user,item,event,time\nu,\"\",view,1\n").contains("line 2, column `item`"));
    let long = format!("user,item,event,time\nu,{},view,1\n", "x".repeat(257));
    assert!(message(long).ends_with("found text of 257 bytes"));
    assert!(message("user,item,event,time\nu,a\0b,view,1\n").contains("control character"));
}

#[test]
fn times_are_checked_with_line_and_column() {
    assert_eq!(
        message("user,item,event,time\nu,a,view,soon\n"),
        "log, line 2, column `time`: expected a date or time as in 2026-05-01 or 2026-05-01T10:30:00Z, \
         found text of 4 bytes"
    );
    assert!(message("user,item,event,time\nu,a,view,1\nu,a,view,\n").contains("line 3, column `time`"));
    assert!(message("user,item,event,time\nu,a,view,\n").contains("expected a time, found nothing"));
}

#[test]
fn a_line_of_other_length_is_refused() {
    assert_eq!(
        message("user,item,event,time\nu,a,view,1\nu,a,view\n"),
        "log, line 3: expected 4 fields as in the header, found 3"
    );
    assert!(message("user,item,event,time\nu,a,view,1,x\n").ends_with("found 5"));
}

#[test]
fn a_quote_that_does_not_close_is_refused() {
    assert_eq!(
        message("user,item,event,time\nu,a,view,1\n\"u,b,view,2\nu,c,view,3\n"),
        "log, line 3, column `user`: a quoted field holds a line break; is a closing quote missing?"
    );
}

#[test]
fn a_record_without_end_is_refused_before_the_file_is_read() {
    let mut text = String::from("user,item,event,time\nu,a,view,1\nu,\"");
    text.push_str(&"x,y\n".repeat(1_000_000));
    let mut bytes_read = 0;
    let result =
        read_log_from(text.as_bytes(), &LogFormat::Delimited(format()), &mut |bytes| bytes_read = bytes);
    assert!(matches!(result, Err(InputError::TooLong { line: 3, .. })), "{result:?}");
    assert!(bytes_read < 2 * MAX_LINE_BYTES as u64);
    let long_line = format!("user,item,event,time\nu,a,view,{}\n", "1".repeat(MAX_LINE_BYTES + 1));
    assert!(matches!(read(long_line), Err(InputError::TooLong { .. })));
}

#[test]
fn invalid_utf8_is_refused_with_its_line_even_in_an_ignored_column() {
    assert_eq!(
        message(b"user,item,event,time,x\nu,a,view,1,\nu,\xc3,view,1,\n"),
        "log, line 3, column `item`: expected utf-8"
    );
    assert!(message(b"user,item,event,time,x\nu,a,view,1,\xff\n").contains("column `x`"));
    assert!(message(b"user,it\xffem,event,time\n").contains("line 1, column 2: expected utf-8"));
}

#[test]
fn no_error_repeats_a_value_of_the_file() {
    let secret = "SECRET";
    for text in [
        format!("user,item,event,time\nu,a,{secret},1\n"),
        format!("user,item,event,time\nu,a,view,{secret}\n"),
        format!("user,item,event,time\nu,{secret}{},view,1\n", "x".repeat(300)),
        format!("user,item,event,time\n{secret},a,view\n"),
        format!("user,item,event,time\n\"{secret}\n,a,view\n"),
    ] {
        let error = read(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret), "{error:?}");
    }
}
