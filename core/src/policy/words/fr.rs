//! French.

use super::Words;

pub(super) const WORDS: Words = Words {
    shop: "La boutique décide d’abord de ce qui peut être montré : les articles indisponibles sont écartés, et la boutique peut \
           filtrer une liste, donner une place fixe à un article ou faire remonter les articles qu’elle met en avant. Une \
           place fixe est signalée comme telle, et une mise en avant est citée parmi les raisons lorsqu’elle est l’une des \
           principales.",
    choices: "Vos propres choix passent avant tout calcul. Ce qui ne vous intéresse pas et les catégories que vous ne voulez \
              jamais voir ne sont pas recommandés. Pour les articles d’une catégorie que vous voulez voir davantage, les \
              chances sont multipliées par {interest_factor} environ. Ce qui est dans votre panier est écarté, de même que ce \
              que vous avez acheté au cours des {bought_recently_days} derniers jours, sauf dans les listes prévues pour \
              racheter.",
    context: "Ce qui est à l’écran : l’article, le panier, la catégorie ou les mots que vous cherchez. Les listes placées à côté \
              d’un article ou d’un panier en dépendent avant tout.",
    history_visit: "Ce que vous avez fait pendant cette visite détermine l’essentiel de la liste « Pour vous ». Seuls les \
                    {signals} signaux les plus récents comptent : ce que vous avez regardé, mis au panier ou dans la liste \
                    d’envies, acheté, bien noté, parcouru ou recherché. En règle générale, un signal récent compte plus qu’un \
                    ancien. Ce que vous avez mal noté descend, avec tout ce qui lui ressemble.",
    history_kept: "Ce que vous avez fait dans l’application détermine l’essentiel de la liste « Pour vous », dans la mesure où \
                   cela est conservé sur ce téléphone : {retention_days} jours ou {max_events} événements au plus. Seuls les \
                   {signals} signaux les plus récents comptent : ce que vous avez regardé, mis au panier ou dans la liste \
                   d’envies, acheté, bien noté, parcouru ou recherché. En règle générale, un signal récent compte plus qu’un \
                   ancien. Ce que vous avez mal noté descend, avec tout ce qui lui ressemble.",
    signals: "Une recherche ou une catégorie parcourue compte pour {browse_percent} % d’un article vu au même moment.",
    signals_of_model: "Par rapport à un article regardé, un article mis au panier compte {cart_weight} fois autant, un article \
                       de la liste d’envies {wishlist_weight} fois, un article acheté {purchase_weight} fois.",
    popularity: "La fréquence à laquelle l’ensemble de la clientèle choisit un article. Elle complète la liste quand on en sait \
                 trop peu sur vous et, sinon, départage des articles presque équivalents.",
    popularity_off: "La fréquence à laquelle l’ensemble de la clientèle choisit un article. Sans votre passé, c’est elle qui \
                     décide partout où l’écran ne le fait pas.",
    novelty: "La liste des nouveautés suit uniquement la date. Dans les listes « Pour vous » assez longues, la place \
              {new_item_place} est réservée à un article trop récent pour être connu.",
    variety: "Une liste « Pour vous » est variée : tant qu’il en existe d’autres, {category_share_percent} % des articles au plus \
              viennent d’une même catégorie. Environ {exploration_percent} % des places après la première vont à des articles \
              classés un peu plus bas, pour savoir s’ils vous plaisent.",
    never_counts: "Ce qui ne compte jamais : ce que vous avez payé, l’endroit où vous êtes, les personnes que vous connaissez, ce \
                   que vous faites dans d’autres applications et ce que font les autres personnes sur ce téléphone.",
    never_counts_off: "Ce qui ne compte jamais : ce que vous avez fait auparavant, ce que vous avez payé, l’endroit où vous êtes, \
                       les personnes que vous connaissez, ce que vous faites dans d’autres applications.",
};
