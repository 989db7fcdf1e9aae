//! Times of a log.
//!
//! In: seconds, milliseconds or ISO 8601. Out: milliseconds since 1970-01-01 UTC.
//! Must never read one file in two units: what the first line is, all are.

/// How times are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeUnit {
    /// The first event decides: a number of at least 10^11 is milliseconds, a smaller one seconds, anything else ISO
    /// 8601. An event that does not fit that decision is refused.
    #[default]
    Auto,
    /// Whole or decimal seconds since 1970-01-01 UTC.
    Seconds,
    /// Whole or decimal milliseconds since 1970-01-01 UTC.
    Milliseconds,
    /// `2026-05-01`, `2026-05-01T10:30`, `2026-05-01 10:30:00.250Z`, `.. +02:00`, `.. UTC`. Without a zone: UTC.
    Iso,
}

/// Seconds beyond this would be after the year 5000; milliseconds below it before April 1973.
const MILLISECONDS_FROM: f64 = 1e11;
/// The end of the year 9999, and about as far back.
const LARGEST_MS: f64 = 253_402_300_799_999.0;

/// Reads the times of one file.
#[derive(Debug)]
pub(super) struct TimeReader {
    unit: TimeUnit,
    guessed: bool,
}

impl TimeReader {
    pub(super) fn new(unit: TimeUnit) -> Self {
        Self { unit, guessed: unit == TimeUnit::Auto }
    }

    /// Milliseconds since 1970-01-01 UTC, or what was expected.
    pub(super) fn read(&mut self, text: &str) -> Result<i64, &'static str> {
        let text = text.trim();
        if self.unit == TimeUnit::Auto && !text.is_empty() {
            self.unit = match text.parse::<f64>() {
                Ok(number) if number.abs() >= MILLISECONDS_FROM => TimeUnit::Milliseconds,
                Ok(_) => TimeUnit::Seconds,
                Err(_) => TimeUnit::Iso,
            };
        }
        match self.unit {
            TimeUnit::Auto => Err("a time"),
            TimeUnit::Iso => parse_iso_ms(text).ok_or(EXPECTED_ISO),
            TimeUnit::Seconds => self.number(text, 1000.0).ok_or(if self.guessed {
                "a time in seconds since 1970, as on the first line"
            } else {
                "a time in seconds since 1970"
            }),
            TimeUnit::Milliseconds => self.number(text, 1.0).ok_or(if self.guessed {
                "a time in milliseconds since 1970, as on the first line"
            } else {
                "a time in milliseconds since 1970"
            }),
        }
    }

    fn number(&self, text: &str, to_ms: f64) -> Option<i64> {
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite())?;
        let looks_like_ms = number.abs() >= MILLISECONDS_FROM;
        let is_ms = self.unit == TimeUnit::Milliseconds;
        if self.guessed && looks_like_ms != is_ms {
            return None;
        }
        let ms = (number * to_ms).round();
        if ms.abs() > LARGEST_MS {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "below 2^48, checked above")]
        Some(ms as i64)
    }
}

const EXPECTED_ISO: &str = "a date or time as in 2026-05-01 or 2026-05-01T10:30:00Z";

/// Milliseconds since 1970-01-01 UTC of an ISO 8601 date, or date and time, in the forms [`TimeUnit::Iso`] shows;
/// `None` for anything else, a 30th of February included. Years 1 to 9999. Fractions beyond milliseconds are cut.
#[must_use]
pub fn parse_iso_ms(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let (year, rest_of_date) = digits(date, 4)?;
    let (month, rest_of_date) = digits(rest_of_date.strip_prefix('-')?, 2)?;
    let (day, end) = digits(rest_of_date.strip_prefix('-')?, 2)?;
    if !end.is_empty() || year < 1 || !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day)
    {
        return None;
    }
    let midnight = days_since_1970(year, month, day) * 86_400_000;
    if rest.is_empty() {
        return Some(midnight);
    }
    let (hour, rest) = digits(rest.strip_prefix(['T', 't', ' '])?, 2)?;
    let (minute, mut rest) = digits(rest.strip_prefix(':')?, 2)?;
    let (mut second, mut ms) = (0, 0);
    if let Some(more) = rest.strip_prefix(':') {
        (second, rest) = digits(more, 2)?;
        if let Some(more) = rest.strip_prefix(['.', ',']) {
            let length = more.bytes().take_while(u8::is_ascii_digit).count();
            if length == 0 || length > 9 {
                return None;
            }
            let (fraction, after) = more.split_at(length);
            ms = fraction
                .bytes()
                .chain(*b"000")
                .take(3)
                .fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0'));
            rest = after;
        }
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset_minutes = parse_zone(rest)?;
    Some(midnight + (hour * 60 + minute - offset_minutes) * 60_000 + second * 1000 + ms)
}

/// Minutes east of UTC.
fn parse_zone(text: &str) -> Option<i64> {
    let text = text.trim_start_matches(' ');
    if matches!(text, "" | "Z" | "z" | "UTC" | "GMT") {
        return Some(0);
    }
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let (hours, rest) = digits(rest, 2)?;
    let minutes = match rest {
        "" => 0,
        _ => {
            let (minutes, end) = digits(rest.strip_prefix(':').unwrap_or(rest), 2)?;
            if !end.is_empty() {
                return None;
            }
            minutes
        }
    };
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
}

fn digits(text: &str, count: usize) -> Option<(i64, &str)> {
    let (head, rest) = text.split_at_checked(count)?;
    if !head.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((head.parse().ok()?, rest))
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the proleptic Gregorian calendar. Years are counted from March, so that the leap day ends a year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let years = if month > 2 { year } else { year - 1 };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    years * 365 + years / 4 - years / 100 + years / 400 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iso_times_agree_with_known_ones() {
        for (text, ms) in [
            ("1970-01-01", 0),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2000-02-29", 951_782_400_000),
            ("2014-04-07T10:51:09.277Z", 1_396_867_869_277),
            ("2019-10-01 00:00:00 UTC", 1_569_888_000_000),
            ("2026-05-01T12:00+02:00", 1_777_629_600_000),
            ("2026-05-01T12:00:00.5-0130", 1_777_642_200_500),
            ("9999-12-31T23:59:59.999999", 253_402_300_799_999),
        ] {
            assert_eq!(parse_iso_ms(text), Some(ms), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_date_is_refused() {
        for text in [
            "",
            "2026",
            "2026-5-1",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "2026-05-01T",
            "2026-05-01T24:00",
            "2026-05-01T10:60",
            "2026-05-01T10",
            "2026-05-01T10:00+2",
            "2026-05-01T10:00:00.",
            "2026-05-01X10:00",
            "0000-01-01",
            "2026-05-01T10:00 CET",
            "20260501T1000",
            "2026-05-0\u{e9}",
            "+026-05-01",
        ] {
            assert_eq!(parse_iso_ms(text), None, "{text}");
        }
    }

    #[test]
    fn auto_takes_the_unit_of_the_first_line_and_keeps_it() {
        let mut seconds = TimeReader::new(TimeUnit::Auto);
        assert_eq!(seconds.read("1396437466.94"), Ok(1_396_437_466_940));
        assert_eq!(seconds.read("1396437467"), Ok(1_396_437_467_000));
        assert!(seconds.read("1396437466940").unwrap_err().contains("as on the first line"));
        assert!(seconds.read("2014-04-02").is_err());
        let mut ms = TimeReader::new(TimeUnit::Auto);
        assert_eq!(ms.read("1396437466940"), Ok(1_396_437_466_940));
        assert!(ms.read("1396437466").is_err());
        let mut iso = TimeReader::new(TimeUnit::Auto);
        assert_eq!(iso.read("2014-04-02"), Ok(1_396_396_800_000));
        assert!(iso.read("1396437466").is_err());
    }

    #[test]
    fn microseconds_and_what_is_no_number_are_refused() {
        let mut ms = TimeReader::new(TimeUnit::Milliseconds);
        for text in ["1396437466940000", "nan", "inf", "-inf", "", "12s", "0x10"] {
            assert!(ms.read(text).is_err(), "{text}");
        }
        assert_eq!(ms.read("5"), Ok(5), "a unit that was asked for is not second-guessed");
        assert_eq!(TimeReader::new(TimeUnit::Seconds).read("-1.5"), Ok(-1500));
    }
}
