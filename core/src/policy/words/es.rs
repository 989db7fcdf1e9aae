//! Spanish.

use super::Words;

pub(super) const WORDS: Words = Words {
    shop: "Primero decide la tienda qué se puede mostrar: los artículos que no están disponibles quedan fuera, y la tienda puede \
           filtrar una lista, dar a un artículo un lugar fijo o subir los artículos que promociona. Un lugar fijo aparece \
           señalado como tal, y una promoción se nombra entre los motivos cuando es uno de los principales.",
    choices: "Tus propias decisiones van antes que cualquier cálculo. No se recomienda lo que no te interesa ni las categorías que \
              no quieres ver nunca. En los artículos de una categoría de la que quieres ver más, las probabilidades relativas \
              se multiplican aproximadamente por {interest_factor}. No aparece lo que está en tu cesta; tampoco lo que has comprado \
              en los últimos {bought_recently_days} días, salvo en las listas pensadas para volver a comprar.",
    context: "Lo que hay en la pantalla: el artículo, la cesta, la categoría o las palabras que buscas. Las listas junto a un \
              artículo o una cesta dependen sobre todo de ello.",
    history_visit: "Lo que has hecho en esta visita determina la mayor parte de la lista «Para ti». Solo cuentan las {signals} \
                    señales más recientes: lo que has mirado, puesto en la cesta o en la lista de deseos, comprado, valorado \
                    bien, recorrido o buscado. Por lo general, lo más reciente cuenta más que lo antiguo. Lo que has valorado \
                    mal baja, junto con todo lo que se le parece.",
    history_kept: "Lo que has hecho en la aplicación determina la mayor parte de la lista «Para ti», en la medida en que se \
                   guarda en este teléfono: {retention_days} días o {max_events} eventos como máximo. Solo cuentan las \
                   {signals} señales más recientes: lo que has mirado, puesto en la cesta o en la lista de deseos, comprado, \
                   valorado bien, recorrido o buscado. Por lo general, lo más reciente cuenta más que lo antiguo. Lo que has \
                   valorado mal baja, junto con todo lo que se le parece.",
    signals: "Una búsqueda o una categoría recorrida cuenta un {browse_percent} % de lo que cuenta un artículo visto en ese mismo \
              momento.",
    signals_of_model: "En comparación con un artículo que has mirado, uno puesto en la cesta cuenta {cart_weight} veces, uno de la \
                       lista de deseos {wishlist_weight} veces y uno comprado {purchase_weight} veces.",
    popularity: "Con qué frecuencia elige un artículo el conjunto de la clientela. Completa la lista cuando se sabe demasiado poco \
                 de ti y, en los demás casos, decide entre artículos casi iguales.",
    popularity_off: "Con qué frecuencia elige un artículo el conjunto de la clientela. Sin tu historial, es lo que decide allí \
                     donde no decide la pantalla.",
    novelty: "La lista de novedades sigue únicamente la fecha. En las listas «Para ti» más largas, el lugar {new_item_place} queda \
              reservado para un artículo demasiado nuevo para ser conocido.",
    variety: "Una lista «Para ti» es variada: mientras haya otras, como máximo un {category_share_percent} % procede de una misma \
              categoría. Aproximadamente un {exploration_percent} % de los lugares a partir del segundo se da a artículos que \
              están un poco más abajo, para saber si te gustan.",
    never_counts: "Lo que nunca cuenta: lo que has pagado, dónde estás, a quién conoces, lo que haces en otras aplicaciones y lo \
                   que hacen otras personas en este teléfono.",
    never_counts_off: "Lo que nunca cuenta: lo que hiciste antes, lo que has pagado, dónde estás, a quién conoces, lo que haces en \
                       otras aplicaciones.",
};
