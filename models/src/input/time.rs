//! Times of a log.
//!
//! In: seconds and their thousandths down to nanoseconds, or ISO 8601. Out: milliseconds since 1970-01-01 UTC.
//! Must never read one file in two units: what the first event is, all are.

/// How times are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeUnit {
    /// The first event decides: a number below 10^11 is seconds, below 10^14 milliseconds, below 10^17 microseconds,
    /// from there on nanoseconds; anything else is ISO 8601. An event that does not fit that decision is refused.
    #[default]
    Auto,
    /// Whole or decimal seconds since 1970-01-01 UTC.
    Seconds,
    /// Whole or decimal milliseconds since 1970-01-01 UTC.
    Milliseconds,
    /// Microseconds since 1970-01-01 UTC, as GA4 and BigQuery write them.
    Microseconds,
    /// Nanoseconds since 1970-01-01 UTC.
    Nanoseconds,
    /// `2026-05-01`, `2026-05-01T10:30`, `2026-05-01 10:30:00.250Z`, `.. +02:00`, `.. UTC`. Without a zone: UTC.
    Iso,
}

/// Each unit of time is a thousandth of the one before. As seconds this would be after the year 5000, as milliseconds
/// it is in 1973, and so on with every thousand.
const MILLISECONDS_FROM: f64 = 1e11;
/// The end of the year 9999, and about as far back.
const LARGEST_MS: f64 = 253_402_300_799_999.0;

impl TimeUnit {
    /// The unit in which a number stands for a time of our age.
    fn of(number: f64) -> Self {
        let size = number.abs();
        if size < MILLISECONDS_FROM {
            Self::Seconds
        } else if size < MILLISECONDS_FROM * 1e3 {
            Self::Milliseconds
        } else if size < MILLISECONDS_FROM * 1e6 {
            Self::Microseconds
        } else {
            Self::Nanoseconds
        }
    }
}

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
        let number = text.parse::<f64>().ok();
        if self.unit == TimeUnit::Auto {
            self.unit = match number {
                Some(number) => TimeUnit::of(number),
                None if text.is_empty() => return Err("a time"),
                None => TimeUnit::Iso,
            };
        }
        if self.unit == TimeUnit::Iso {
            return parse_iso_ms(text).ok_or(EXPECTED_ISO);
        }
        self.number(number.unwrap_or(f64::NAN))
    }

    /// As [`Self::read`], of a number.
    pub(super) fn number(&mut self, number: f64) -> Result<i64, &'static str> {
        if self.unit == TimeUnit::Auto {
            self.unit = TimeUnit::of(number);
        }
        let per_ms = match self.unit {
            TimeUnit::Auto | TimeUnit::Iso => return Err(EXPECTED_ISO),
            TimeUnit::Seconds => 1e-3,
            TimeUnit::Milliseconds => 1.0,
            TimeUnit::Microseconds => 1e3,
            TimeUnit::Nanoseconds => 1e6,
        };
        let ms = (number / per_ms).round();
        let other_unit = self.guessed && TimeUnit::of(number) != self.unit;
        if other_unit || !ms.is_finite() || ms.abs() > LARGEST_MS {
            return Err(self.expected());
        }
        #[expect(clippy::cast_possible_truncation, reason = "below 2^48, checked above")]
        Ok(ms as i64)
    }

    fn expected(&self) -> &'static str {
        match (self.unit, self.guessed) {
            (TimeUnit::Seconds, true) => "a time in seconds since 1970, as in the first event",
            (TimeUnit::Seconds, false) => "a time in seconds since 1970",
            (TimeUnit::Milliseconds, true) => "a time in milliseconds since 1970, as in the first event",
            (TimeUnit::Milliseconds, false) => "a time in milliseconds since 1970",
            (TimeUnit::Microseconds, true) => "a time in microseconds since 1970, as in the first event",
            (TimeUnit::Microseconds, false) => "a time in microseconds since 1970",
            (TimeUnit::Nanoseconds, true) => "a time in nanoseconds since 1970, as in the first event",
            (TimeUnit::Nanoseconds, false) => "a time in nanoseconds since 1970",
            (TimeUnit::Auto | TimeUnit::Iso, _) => EXPECTED_ISO,
        }
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
        assert!(seconds.read("1396437466940").unwrap_err().contains("as in the first event"));
        assert!(seconds.read("2014-04-02").is_err());
        let mut ms = TimeReader::new(TimeUnit::Auto);
        assert_eq!(ms.read("1396437466940"), Ok(1_396_437_466_940));
        assert!(ms.read("1396437466").is_err());
        let mut iso = TimeReader::new(TimeUnit::Auto);
        assert_eq!(iso.read("2014-04-02"), Ok(1_396_396_800_000));
        assert!(iso.read("1396437466").is_err());
    }

    #[test]
    fn auto_tells_micro_and_nanoseconds() {
        let mut micro = TimeReader::new(TimeUnit::Auto);
        assert_eq!(micro.read("1396437466940000"), Ok(1_396_437_466_940));
        assert!(micro.read("1396437466940").unwrap_err().contains("microseconds"));
        let mut nano = TimeReader::new(TimeUnit::Auto);
        assert_eq!(nano.read("1396437466940000000"), Ok(1_396_437_466_940));
        assert!(nano.read("1396437466940000").unwrap_err().contains("nanoseconds"));
        assert_eq!(TimeReader::new(TimeUnit::Auto).number(1_396_437_466.25), Ok(1_396_437_466_250));
        assert_eq!(TimeReader::new(TimeUnit::Iso).number(1.0), Err(EXPECTED_ISO));
    }

    #[test]
    fn what_is_too_far_or_no_number_is_refused() {
        let mut ms = TimeReader::new(TimeUnit::Milliseconds);
        for text in ["1396437466940000", "nan", "inf", "-inf", "", "12s", "0x10"] {
            assert!(ms.read(text).is_err(), "{text}");
        }
        assert_eq!(ms.read("5"), Ok(5), "a unit that was asked for is not second-guessed");
        assert_eq!(TimeReader::new(TimeUnit::Seconds).read("-1.5"), Ok(-1500));
        for text in ["nan", "inf"] {
            assert!(TimeReader::new(TimeUnit::Auto).read(text).is_err(), "{text}");
        }
    }
}
