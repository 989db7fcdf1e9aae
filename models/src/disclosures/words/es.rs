//! Spanish.

use super::{Notice, Words};

pub(super) const WORDS: Words = Words {
    blank_shop: "[nombre de la tienda]",
    blank_contact: "[contacto para la protección de datos]",
    notices_title: "Avisos",
    parameters_title: "Cómo se ordenan las recomendaciones",
    parameters_introduction: "Estos son los principales parámetros que determinan el orden de las recomendaciones, de mayor a menor \
                              importancia. El cálculo se hace en tu teléfono.",
    weights: ["No cuenta", "Cuenta un poco", "Cuenta moderadamente", "Cuenta mucho", "Decide primero"],
    notices: [
        Notice {
            title: "Sin personalización",
            short: "Lo que haces no se recuerda. Las recomendaciones se basan en lo que hay en la pantalla, lo que es popular \
                    y lo que es nuevo.",
            full: &[
                "Puedes cambiarlo en cualquier momento. Si antes tenías otro ajuste, tu historial se ha borrado; quedan los comprobantes de tus respuestas.",
            ],
        },
        Notice {
            title: "Solo esta visita",
            short: "Las recomendaciones se basan en lo que haces en esta visita. Se queda en la memoria temporal del teléfono y \
                    desaparece cuando cierras la aplicación o vuelves al cabo de {session_idle_minutes} minutos o más.",
            full: &[
                "Qué se usa: los artículos y categorías que miras, lo que buscas, tu cesta y tu lista de deseos, lo que compras, \
                 devuelves y valoras, y lo que dices que no te interesa. No se usa lo que pagas. De las categorías sensibles, como salud, religión o vida sexual, no se aprende nada.",
                "Dónde: en la memoria temporal de este teléfono. Nada de ello se guarda de forma permanente y nada sale del \
                 teléfono.",
                "Para qué: para ordenar las recomendaciones y para contar, en el teléfono, cuáles eliges.",
            ],
        },
        Notice {
            title: "Recordado en este teléfono",
            short: "Lo que haces en esta aplicación se recuerda en este teléfono, cifrado, durante {retention_days} días o \
                    {max_events} eventos, lo que se alcance primero. Las recomendaciones se calculan en el teléfono. El historial \
                    no sale de él.",
            full: &[
                "Qué se recuerda: los artículos y categorías que miras, lo que buscas, tu cesta y tu lista de deseos, lo que \
                 compras, devuelves y valoras, lo que dices que no te interesa, cada cosa con su hora, y las categorías de las que \
                 quieres ver más o nada. No se recuerda lo que pagas. De las categorías sensibles, como salud, religión o vida sexual, no se aprende nada.",
                "Dónde: en archivos cifrados de este teléfono. Las claves las guarda el almacén de claves del propio teléfono.",
                "Cuánto tiempo: {retention_days} días enteros y nunca más de {max_events} eventos; los más antiguos se van primero. \
                 Lo que ha cumplido su plazo se borra la próxima vez que usas la aplicación. Las categorías que ajustaste tú se \
                 quedan hasta que las cambies o desactives esta opción.",
                "Para qué: para ordenar las recomendaciones y para contar, en el teléfono, cuáles eliges.",
                "Quién puede leerlo: tú, en la aplicación. La aplicación lo necesita en el teléfono para recomendar y para \
                 mostrártelo. Los servidores de la tienda no lo reciben.",
                "Si tu consentimiento caduca, el historial queda bloqueado y sin usar durante {grace_days} días, por si vuelves a \
                 aceptar, y se borra la siguiente vez que uses la aplicación.",
            ],
        },
        Notice {
            title: "Recordado aquí y compartido un poco",
            short: "Como «Recordado en este teléfono». Además, la tienda recibe, como máximo una vez por periodo de {epoch_days} días, un \
                    informe con {topics_per_report} de {topics} temas generales. El azar interviene tanto que nadie puede deducir \
                    con seguridad de un informe lo que te interesa.",
            full: &[
                "Todo lo que vale para «Recordado en este teléfono» vale también aquí: {retention_days} días o {max_events} eventos, \
                 cifrados; si tu consentimiento caduca, {grace_days} días bajo llave y después borrados. Lo que pagas no se \
                 recuerda.",
                "Qué sale del teléfono: {report_bytes} bytes con {topics_per_report} de {topics} temas generales, como deporte o \
                 muebles, qué lista de temas y qué método se usaron, y el periodo de {epoch_days} días. Ningún artículo, ninguna \
                 búsqueda, ningún precio, ningún nombre y ningún número tuyo o de tu teléfono.",
                "Cómo te protege el azar: se sortea uno de tus últimos {slots} artículos distintos de {epoch_days} días, y que su tema aparezca en el \
                 informe es solo más probable, nunca seguro. Cada informe es como máximo {max_ratio} veces más probable para ti \
                 que para cualquier otra persona (en el lenguaje de la estadística: épsilon {epsilon}). Los temas sensibles no aparecen nunca, y los que delatan a un bebé solo si los permites aparte.",
                "Con qué frecuencia: como máximo una vez por periodo de {epoch_days} días y {max_reports} veces en total; todos los informes \
                 juntos no superan épsilon {max_epsilon}. La aplicación puede mostrarte cada informe antes de enviarlo.",
                "Para qué: para que la tienda vea qué temas tienen demanda entre todas las personas que comparten. Tus propias \
                 recomendaciones no mejoran con ello.",
                "Si lo desactivas, un informe que no se ha enviado se descarta. Uno enviado no se puede volver a encontrar, porque \
                 nada en él conduce a ti. El teléfono recuerda qué informes hubo, para que se cumplan los límites.",
            ],
        },
    ],
    rights: &[
        "Tú decides: en la aplicación puedes ver en cualquier momento lo que se guarda, corregirlo, borrar elementos concretos o todo, \
         hacer una pausa o desactivarlo. Al desactivarlo se borra el historial de inmediato.",
        "Tu respuesta vale {consent_months} meses ({consent_days} días); después se te vuelve a preguntar. El teléfono guarda un comprobante de cada una de tus últimas {max_receipts} respuestas. No dice nada de lo que hiciste, y puedes llevártelo.",
        "Es voluntario y se basa en tu consentimiento (artículo 6.1.a) del RGPD). Puedes retirarlo con la misma facilidad con que lo \
         diste; lo hecho hasta entonces sigue siendo lícito. Responsable de la aplicación: {shop}, {contact}. También puedes \
         reclamar ante una autoridad de protección de datos.",
    ],
};
