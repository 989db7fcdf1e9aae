//! Logs of the form `user item item ...`.
//!
//! In: lines. Out: a [`LogBuilder`] with a view per item. Must never take a user without items for a shopper.

use std::io::Read;

use super::counted::Counted;
use super::error::{Column, EXPECTED_ID, FileRole, InputError, Place, ValueKind, id_problem};
use super::lines::Lines;
use super::log::LogBuilder;
use crate::dataset::InteractionKind;

const ROLE: FileRole = FileRole::Log;

/// All events of the file.
pub(super) fn read(input: Counted<'_, impl Read>) -> Result<LogBuilder, InputError> {
    let mut lines = Lines::new(input, ROLE);
    let mut log = LogBuilder::default();
    while let Some((line, text)) = lines.next()? {
        let mut fields = text.split([' ', '\t']).filter(|field| !field.is_empty()).enumerate();
        let Some((_, user)) = fields.next() else { continue };
        check(user, line, 0)?;
        let mut items = 0_usize;
        for (index, item) in fields {
            check(item, line, index)?;
            log.add(Place::Line(line), user, item, InteractionKind::View, None)?;
            items += 1;
        }
        if items == 0 {
            return Err(InputError::Unexpected {
                role: ROLE,
                at: Place::Line(line),
                column: Column::Number(2),
                expected: "an item after the user",
                found: ValueKind::Missing,
            });
        }
    }
    Ok(log)
}

fn check(id: &str, line: u64, index: usize) -> Result<(), InputError> {
    match id_problem(id) {
        None => Ok(()),
        Some(found) => Err(InputError::Unexpected {
            role: ROLE,
            at: Place::Line(line),
            column: Column::Number(index + 1),
            expected: EXPECTED_ID,
            found,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LogFormat, MAX_LINE_BYTES, read_log_from};
    use super::*;
    use crate::dataset::Dataset;

    fn read(bytes: &[u8]) -> Result<Dataset, InputError> {
        read_log_from(bytes, &LogFormat::Sequences, &mut |_| ())
    }

    fn message(bytes: &[u8]) -> String {
        read(bytes).unwrap_err().to_string()
    }

    #[test]
    fn users_and_items_keep_the_order_of_first_appearance() {
        let log = read(b"\xef\xbb\xbfzoe b a b\r\n\r\nadam a  c\r\nzoe d\n").unwrap();
        assert_eq!(log.items, ["b", "a", "c", "d"]);
        assert_eq!(log.sequences.iter().map(|s| s.user.as_str()).collect::<Vec<_>>(), ["zoe", "adam"]);
        let of_zoe: Vec<u32> = log.sequences[0].events.iter().map(|event| event.item).collect();
        assert_eq!(of_zoe, [0, 1, 0, 3]);
        assert_eq!(log.attributes.of_item, vec![Vec::<u32>::new(); 4]);
    }

    #[test]
    fn a_user_without_items_is_refused() {
        assert_eq!(
            message(b"u a\nv\n"),
            "log, line 2, column 2: expected an item after the user, found no such field"
        );
    }

    #[test]
    fn an_oversized_id_is_refused_with_its_field() {
        let ok = format!("u {}\n", "x".repeat(256));
        assert!(read(ok.as_bytes()).is_ok());
        let long = format!("u a\nu a {}\n", "x".repeat(257));
        assert_eq!(
            message(long.as_bytes()),
            "log, line 2, column 3: expected an id of 1 to 256 bytes without control characters, \
             found text of 257 bytes"
        );
    }

    #[test]
    fn a_control_character_is_refused() {
        assert!(message(b"u a\0b\n").contains("line 1, column 2"));
        assert!(message(b"u a\ru b\n").contains("control character"), "a lone carriage return ends no line");
    }

    #[test]
    fn invalid_utf8_is_refused_with_its_line_and_byte() {
        assert_eq!(message(b"u a\nu \xff\n"), "log, line 2, column 3: expected utf-8");
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut bytes = b"u a\n".to_vec();
        bytes.extend(std::iter::repeat_n(b"u a ", MAX_LINE_BYTES / 4 + 1).flatten());
        assert!(matches!(read(&bytes), Err(InputError::TooLong { line: 2, limit: MAX_LINE_BYTES, .. })));
        let mut full = b"u".to_vec();
        full.extend(std::iter::repeat_n(b" a", MAX_LINE_BYTES / 2 - 1).flatten());
        full.extend(b" \r\n");
        assert_eq!(full.len(), MAX_LINE_BYTES + 2);
        assert!(read(&full).is_ok(), "exactly the limit");
    }

    #[test]
    fn a_file_without_events_is_refused() {
        assert_eq!(message(b""), "log: holds no events");
        assert_eq!(message(b"\n \n"), "log: holds no events");
    }

    #[test]
    fn progress_ends_at_the_length_of_the_file() {
        let text = "user item another\n".repeat(20_000);
        let mut calls = Vec::new();
        read_log_from(text.as_bytes(), &LogFormat::Sequences, &mut |bytes| calls.push(bytes)).unwrap();
        assert!(calls.len() > 3 && calls.is_sorted());
        assert_eq!(calls.last(), Some(&(text.len() as u64)));
    }
}
