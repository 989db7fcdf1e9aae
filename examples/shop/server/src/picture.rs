//! What a product's picture is drawn from.
//!
//! In: its attributes and its place in the shop. Out: a shape, colours, a pattern. The same product always has the same picture, and
//! variants of one differ in what they differ in.

use serde::Serialize;
use tastekeeper_models::shop::Product;

/// See `engine.d.ts`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Picture {
    shape: &'static str,
    colours: [String; 3],
    pattern: &'static str,
    variant: u8,
}

type Rgb = [u8; 3];

const COLOURS: [(&str, Rgb); 14] = [
    ("black", [43, 43, 48]),
    ("white", [238, 236, 230]),
    ("navy", [38, 58, 102]),
    ("sage", [148, 168, 140]),
    ("terracotta", [198, 106, 74]),
    ("mustard", [212, 164, 54]),
    ("burgundy", [122, 42, 58]),
    ("sand", [214, 192, 156]),
    ("sky blue", [136, 186, 220]),
    ("forest green", [52, 94, 70]),
    ("lilac", [178, 160, 208]),
    ("charcoal", [78, 82, 90]),
    ("coral", [236, 128, 110]),
    ("cream", [240, 226, 198]),
];

/// For what has no colour of its own.
const PALETTE: [Rgb; 8] = [
    [122, 148, 172],
    [196, 140, 96],
    [126, 154, 118],
    [186, 118, 132],
    [146, 126, 174],
    [98, 146, 146],
    [206, 166, 92],
    [132, 120, 108],
];

const ACCENTS: [Rgb; 6] =
    [[232, 190, 84], [226, 112, 88], [92, 158, 150], [110, 122, 190], [208, 132, 168], [126, 164, 92]];

/// FNV-1a, to spread what has no order.
pub(crate) fn spread(text: &str) -> usize {
    let sum =
        text.bytes().fold(0x811C_9DC5_u32, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    usize::try_from(sum ^ (sum >> 15)).unwrap_or_default()
}

fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Half way to white, or to black for what is light already.
fn second(rgb: Rgb) -> Rgb {
    let is_light = rgb.iter().map(|part| u32::from(*part)).sum::<u32>() > 570;
    rgb.map(|part| if is_light { part - part / 4 } else { part + (255 - part) / 3 })
}

/// The picture of `product`, which is drawn as `shape`.
pub(crate) fn picture(product: &Product, shape: &'static str) -> Picture {
    let family = product.group_id.as_deref().unwrap_or(&product.id);
    let named = product.attributes.get("colour");
    let known = named.and_then(|name| COLOURS.iter().find(|(colour, _)| colour == name));
    let main = known.map_or(PALETTE[spread(family) % PALETTE.len()], |(_, rgb)| *rgb);
    let pattern = match product.attributes.get("style").map_or("", String::as_str) {
        "classic" => "stripes",
        "playful" => "dots",
        "rugged" => "zigzag",
        "retro" => "check",
        "natural" => "leaves",
        "technical" => "grain",
        "elegant" => "waves",
        _ => "plain",
    };
    #[expect(clippy::cast_possible_truncation, reason = "below four")]
    let variant = (spread(family) / 8 % 4) as u8;
    let accent = ACCENTS[spread(&product.brand) % ACCENTS.len()];
    Picture { shape, colours: [hex(main), hex(second(main)), hex(accent)], pattern, variant }
}
