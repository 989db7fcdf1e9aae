package com.tastekeeper

/**
 * "Why this?": reasons as sentences that an app can translate.
 *
 * Every reason has a [code], the name of a sentence in the app's table of strings, and at most one name that the sentence speaks
 * of. Names of items and categories are the shop's: [names] turns ids into them.
 *
 * @property names the name to show for an id of an item or a category; nothing when the app has none.
 * @property sentences the sentence of a code, with `%s` or `%1$s` where the name goes; nothing for a code that is not translated.
 * @param language of the sentences that the app does not have: `en`, `de` or `fr`; English for every other.
 */
class WhyThis(
    language: String = "en",
    private val sentences: (String) -> String? = { null },
    private val names: (String) -> String? = { it },
) {
    private val own = SENTENCES[language] ?: SENTENCES.getValue("en")

    /** The name to show for an id, or the id. */
    fun name(id: String): String = names(id) ?: id

    /** The sentence for one reason. A reason about something that has no name is not told. */
    fun text(reason: Reason): String? {
        val sentence = sentences(reason.code) ?: own[reason.code] ?: return null
        val subject = reason.subject ?: return sentence
        val name = names(subject) ?: return null
        // not `format`: a sentence may hold another percent sign
        val place = PLACE.find(sentence) ?: return sentence
        return sentence.replaceRange(place.range, name)
    }

    /** The sentences for a recommendation, the strongest first. */
    fun texts(recommendation: Recommendation): List<String> = recommendation.reasons.mapNotNull(::text)

    companion object {
        private val PLACE = Regex("""%(1\$)?s""")

        /** Sentences by language and code. */
        val SENTENCES: Map<String, Map<String, String>> = mapOf(
            "en" to mapOf(
                "tastekeeper_reason_viewed" to "You looked at %s",
                "tastekeeper_reason_bought" to "You bought %s",
                "tastekeeper_reason_in_cart" to "%s is in your cart",
                "tastekeeper_reason_likes_category" to "You like %s",
                "tastekeeper_reason_likes_brand" to "You like %s",
                "tastekeeper_reason_similar_to" to "Similar to %s",
                "tastekeeper_reason_bought_together_with" to "Often bought with %s",
                "tastekeeper_reason_popular" to "Popular in this shop",
                "tastekeeper_reason_new" to "New in this shop",
                "tastekeeper_reason_promoted" to "Promoted by this shop",
                "tastekeeper_reason_exploration" to "Something you may not know",
            ),
            "de" to mapOf(
                "tastekeeper_reason_viewed" to "Sie haben %s angesehen",
                "tastekeeper_reason_bought" to "Sie haben %s gekauft",
                "tastekeeper_reason_in_cart" to "%s ist in Ihrem Warenkorb",
                "tastekeeper_reason_likes_category" to "Sie mögen %s",
                "tastekeeper_reason_likes_brand" to "Sie mögen %s",
                "tastekeeper_reason_similar_to" to "Ähnlich wie %s",
                "tastekeeper_reason_bought_together_with" to "Oft zusammen mit %s gekauft",
                "tastekeeper_reason_popular" to "Beliebt in diesem Shop",
                "tastekeeper_reason_new" to "Neu in diesem Shop",
                "tastekeeper_reason_promoted" to "Von diesem Shop beworben",
                "tastekeeper_reason_exploration" to "Vielleicht noch unbekannt",
            ),
            "fr" to mapOf(
                "tastekeeper_reason_viewed" to "Vous avez regardé %s",
                "tastekeeper_reason_bought" to "Vous avez acheté %s",
                "tastekeeper_reason_in_cart" to "%s est dans votre panier",
                "tastekeeper_reason_likes_category" to "Vous aimez %s",
                "tastekeeper_reason_likes_brand" to "Vous aimez %s",
                "tastekeeper_reason_similar_to" to "Semblable à %s",
                "tastekeeper_reason_bought_together_with" to "Souvent acheté avec %s",
                "tastekeeper_reason_popular" to "Populaire dans cette boutique",
                "tastekeeper_reason_new" to "Nouveau dans cette boutique",
                "tastekeeper_reason_promoted" to "Mis en avant par cette boutique",
                "tastekeeper_reason_exploration" to "Peut-être une découverte",
            ),
        )
    }
}

/** The name of its sentence in an app's table of strings. */
val Reason.code: String
    get() = when (this) {
        is Reason.Viewed -> "tastekeeper_reason_viewed"
        is Reason.Bought -> "tastekeeper_reason_bought"
        is Reason.InCart -> "tastekeeper_reason_in_cart"
        is Reason.LikesCategory -> "tastekeeper_reason_likes_category"
        is Reason.LikesBrand -> "tastekeeper_reason_likes_brand"
        is Reason.SimilarTo -> "tastekeeper_reason_similar_to"
        is Reason.BoughtTogetherWith -> "tastekeeper_reason_bought_together_with"
        is Reason.Popular -> "tastekeeper_reason_popular"
        is Reason.New -> "tastekeeper_reason_new"
        is Reason.Promoted -> "tastekeeper_reason_promoted"
        is Reason.Exploration -> "tastekeeper_reason_exploration"
    }

/** The id of the item, category or brand it speaks of. */
val Reason.subject: String?
    get() = when (this) {
        is Reason.Viewed -> item
        is Reason.Bought -> item
        is Reason.InCart -> item
        is Reason.LikesCategory -> category
        is Reason.LikesBrand -> brand
        is Reason.SimilarTo -> item
        is Reason.BoughtTogetherWith -> item
        is Reason.Popular, is Reason.New, is Reason.Promoted, is Reason.Exploration -> null
    }
