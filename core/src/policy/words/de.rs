//! German.

use super::Words;

pub(super) const WORDS: Words = Words {
    shop: "Zuerst entscheidet der Shop, was überhaupt gezeigt werden kann: Was nicht lieferbar ist, fehlt. Der Shop kann eine \
           Liste filtern, einem Artikel einen festen Platz geben oder beworbene Artikel weiter nach oben rücken. Ein fester \
           Platz ist als solcher gekennzeichnet, und Werbung wird unter den Gründen genannt, wo sie zu den wichtigsten gehört.",
    choices: "Deine eigenen Entscheidungen gehen jeder Berechnung vor. Was dich nicht interessiert und Kategorien, die du nie \
              sehen willst, werden nicht empfohlen. Bei Artikeln einer Kategorie, von der du mehr sehen willst, steigen die \
              Chancen etwa auf das {interest_factor}-Fache. Was in deinem Warenkorb liegt, fehlt; ebenso, was du in den \
              letzten {bought_recently_days} Tagen gekauft hast, außer in Listen zum Nachkaufen.",
    context: "Was gerade auf dem Bildschirm ist: der Artikel, der Warenkorb, die Kategorie oder deine Suchwörter. Listen neben \
              einem Artikel oder einem Warenkorb richten sich vor allem danach.",
    history_visit: "Was du bei diesem Besuch getan hast, bestimmt den größten Teil der Liste „Für dich“. Es zählen nur die \
                    neuesten {signals} Signale: was du angesehen, in den Warenkorb oder auf die Wunschliste gelegt, gekauft, \
                    gut bewertet, durchstöbert oder gesucht hast. In der Regel zählt Neueres mehr als Älteres. Was du \
                    schlecht bewertet hast, rutscht nach unten, samt allem, was ihm ähnelt.",
    history_kept: "Was du in der App getan hast, bestimmt den größten Teil der Liste „Für dich“, soweit es auf diesem Handy \
                   gespeichert ist: höchstens {retention_days} Tage oder {max_events} Ereignisse. Es zählen nur die neuesten \
                   {signals} Signale: was du angesehen, in den Warenkorb oder auf die Wunschliste gelegt, gekauft, gut \
                   bewertet, durchstöbert oder gesucht hast. In der Regel zählt Neueres mehr als Älteres. Was du schlecht \
                   bewertet hast, rutscht nach unten, samt allem, was ihm ähnelt.",
    signals: "Eine Suche oder eine durchstöberte Kategorie zählt {browse_percent} % eines Artikels, den du im selben Moment \
              angesehen hast.",
    signals_of_model: "Verglichen mit einem angesehenen Artikel zählt einer im Warenkorb {cart_weight}-mal so viel, einer auf \
                       der Wunschliste {wishlist_weight}-mal, ein gekaufter {purchase_weight}-mal.",
    popularity: "Wie oft alle Kundinnen und Kunden einen Artikel wählen. Das füllt die Liste, wo von dir zu wenig bekannt ist, \
                 und entscheidet sonst zwischen Artikeln, die fast gleich gut passen.",
    popularity_off: "Wie oft alle Kundinnen und Kunden einen Artikel wählen. Ohne deine Vorgeschichte entscheidet das überall \
                     dort, wo der Bildschirm nichts vorgibt.",
    novelty: "Die Liste der Neuheiten richtet sich allein nach dem Datum. In längeren Listen „Für dich“ ist Platz \
              {new_item_place} für einen Artikel frei, der noch zu neu ist, um bekannt zu sein.",
    variety: "Eine Liste „Für dich“ ist gemischt: Solange es andere gibt, stammen höchstens {category_share_percent} % aus \
              einer Kategorie. Etwa {exploration_percent} % der Plätze nach dem ersten gehen an Artikel, die knapp dahinter \
              liegen, um zu lernen, ob sie dir gefallen.",
    never_counts: "Was nie zählt: was du bezahlt hast, wo du bist, wen du kennst, was du in anderen Apps tust und was andere \
                   auf diesem Handy tun.",
    never_counts_off: "Was nie zählt: was du früher getan hast, was du bezahlt hast, wo du bist, wen du kennst, was du in \
                       anderen Apps tust.",
};
