//! The survivors. Every pseudonym, name and detail is invented.

use super::who::Who;

/// What is told of a person. Names and nationality stand only in sealed packages.
#[derive(Debug)]
pub(super) struct Person {
    /// Whose pseudonym it is.
    pub(super) agency: Who,
    /// The pseudonym.
    pub(super) pseudonym: &'static str,
    /// The language, BCP 47.
    pub(super) language: &'static str,
    /// Whether under 18.
    pub(super) minor: bool,
    /// Given name.
    pub(super) given: &'static str,
    /// Family name.
    pub(super) family: &'static str,
    /// Nationality, ISO 3166-1 alpha-2.
    pub(super) country: &'static str,
}

/// Tells of a person.
const fn person(
    agency: Who,
    (pseudonym, language): (&'static str, &'static str),
    minor: bool,
    (given, family, country): (&'static str, &'static str, &'static str),
) -> Person {
    Person {
        agency,
        pseudonym,
        language,
        minor,
        given,
        family,
        country,
    }
}

/// Everybody, agency by agency.
pub(super) const SURVIVORS: &[Person] = &[
    person(
        Who::Lantern,
        ("Amber Heron", "es-GT"),
        false,
        ("Marisol", "Tzoc", "GT"),
    ),
    person(
        Who::Lantern,
        ("Blue Finch", "tl"),
        false,
        ("Corazon", "Dimayuga", "PH"),
    ),
    person(
        Who::Lantern,
        ("Copper Wren", "vi"),
        false,
        ("Linh", "Tran", "VN"),
    ),
    person(
        Who::Lantern,
        ("Silver Lark", "es"),
        true,
        ("Yesenia", "Molina", "HN"),
    ),
    person(
        Who::Lantern,
        ("Scarlet Ibis", "zh"),
        false,
        ("Meiqi", "Zhao", "CN"),
    ),
    person(
        Who::Lantern,
        ("Ivory Swift", "en"),
        false,
        ("Destiny", "Harlow", "US"),
    ),
    person(
        Who::Lantern,
        ("Olive Plover", "es"),
        false,
        ("Rosalba", "Ventura", "MX"),
    ),
    person(
        Who::Lantern,
        ("Teal Sparrow", "es-GT"),
        false,
        ("Juana", "Chavajay", "GT"),
    ),
    person(
        Who::Lantern,
        ("Umber Kestrel", "en"),
        false,
        ("Jordan", "Pickett", "US"),
    ),
    person(
        Who::Lantern,
        ("Violet Martin", "ru"),
        false,
        ("Svetlana", "Orlova", "RU"),
    ),
    person(
        Who::Lantern,
        ("Gold Curlew", "tl"),
        false,
        ("Jericho", "Magsino", "PH"),
    ),
    person(
        Who::Lantern,
        ("Russet Thrush", "es"),
        false,
        ("Norma", "Escobedo", "SV"),
    ),
    person(
        Who::Lantern,
        ("Slate Egret", "am"),
        false,
        ("Selamawit", "Bekele", "ET"),
    ),
    person(
        Who::Lantern,
        ("Coral Tern", "en"),
        true,
        ("Kayla", "Brandt", "US"),
    ),
    person(
        Who::Lantern,
        ("Jade Warbler", "vi"),
        false,
        ("Hanh", "Pham", "VN"),
    ),
    person(
        Who::Lantern,
        ("Indigo Dove", "es"),
        false,
        ("Wilmer", "Caceres", "HN"),
    ),
    person(
        Who::Lantern,
        ("Bronze Owl", "hi"),
        false,
        ("Sunita", "Rawat", "IN"),
    ),
    person(
        Who::Lantern,
        ("Crimson Robin", "es"),
        false,
        ("Graciela", "Ponce", "MX"),
    ),
    person(
        Who::Lantern,
        ("Pearl Sandpiper", "zh"),
        false,
        ("Jun", "Lin", "CN"),
    ),
    person(
        Who::Lantern,
        ("Sable Petrel", "en"),
        false,
        ("Alexis", "Monroe", "US"),
    ),
    person(
        Who::Lantern,
        ("Cobalt Jay", "es-GT"),
        true,
        ("Micaela", "Xicay", "GT"),
    ),
    person(
        Who::Lantern,
        ("Saffron Oriole", "tl"),
        false,
        ("Liezel", "Abrenica", "PH"),
    ),
    person(
        Who::Riverbend,
        ("Red Avocet", "es"),
        false,
        ("Dulce", "Barrientos", "MX"),
    ),
    person(
        Who::Riverbend,
        ("White Bittern", "ru"),
        false,
        ("Daria", "Lebedeva", "KZ"),
    ),
    person(
        Who::Riverbend,
        ("Green Vireo", "en"),
        false,
        ("Tamika", "Rowland", "US"),
    ),
    person(
        Who::Riverbend,
        ("Black Skimmer", "uk"),
        false,
        ("Oksana", "Hrytsenko", "UA"),
    ),
    person(
        Who::Riverbend,
        ("Brown Creeper", "es"),
        false,
        ("Anselmo", "Figueroa", "GT"),
    ),
    person(
        Who::Riverbend,
        ("Azure Kite", "en"),
        true,
        ("Brianna", "Stokes", "US"),
    ),
    person(
        Who::Riverbend,
        ("Lilac Bunting", "es"),
        false,
        ("Paola", "Arguello", "NI"),
    ),
    person(
        Who::Riverbend,
        ("Grey Merlin", "ru"),
        false,
        ("Alina", "Sadykova", "KG"),
    ),
    person(
        Who::Riverbend,
        ("Ochre Grebe", "en"),
        false,
        ("Casey", "Whitlock", "US"),
    ),
    person(
        Who::Riverbend,
        ("Rose Siskin", "vi"),
        false,
        ("Thuy", "Nguyen", "VN"),
    ),
    person(
        Who::Harrow,
        ("Mauve Killdeer", "hi"),
        false,
        ("Kavita", "Solanki", "IN"),
    ),
    person(
        Who::Harrow,
        ("Tawny Rail", "am"),
        false,
        ("Hirut", "Alemu", "ET"),
    ),
    person(
        Who::Harrow,
        ("Ruby Phoebe", "es"),
        false,
        ("Leticia", "Zamora", "MX"),
    ),
    person(
        Who::Harrow,
        ("Pine Grosbeak", "en"),
        false,
        ("Morgan", "Tate", "US"),
    ),
    person(
        Who::Harrow,
        ("Lemon Tanager", "es"),
        true,
        ("Ximena", "Rosales", "HN"),
    ),
    person(
        Who::Harrow,
        ("Ash Nuthatch", "hi"),
        false,
        ("Rekha", "Chauhan", "NP"),
    ),
    person(
        Who::Harrow,
        ("Plum Pipit", "am"),
        false,
        ("Meseret", "Tadesse", "ET"),
    ),
    person(
        Who::Harrow,
        ("Fern Towhee", "en"),
        false,
        ("Shawna", "Ridley", "US"),
    ),
];
