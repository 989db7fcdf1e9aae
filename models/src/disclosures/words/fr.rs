//! French.

use super::{Notice, Words};

pub(super) const WORDS: Words = Words {
    blank_shop: "[nom de la boutique]",
    blank_contact: "[contact pour la protection des données]",
    notices_title: "Informations",
    parameters_title: "Comment les recommandations sont classées",
    parameters_introduction: "Voici les principaux paramètres qui déterminent l’ordre des recommandations, du plus important au moins \
                              important. Le calcul se fait sur votre téléphone.",
    weights: ["Ne compte pas", "Compte un peu", "Compte modérément", "Compte beaucoup", "Décide en premier"],
    notices: [
        Notice {
            title: "Sans personnalisation",
            short: "Ce que vous faites n’est pas mémorisé. Les recommandations s’appuient sur ce qui est à l’écran, ce qui est \
                    populaire et ce qui est nouveau.",
            full: &[
                "Vous pouvez changer d’avis à tout moment. Si vous aviez choisi un autre réglage, votre historique a été effacé ; \
                 les justificatifs de vos réponses restent.",
            ],
        },
        Notice {
            title: "Cette visite seulement",
            short: "Les recommandations s’appuient sur ce que vous faites pendant cette visite. Tout reste dans la mémoire vive du \
                    téléphone et disparaît quand vous fermez l’application ou revenez après {session_idle_minutes} minutes ou \
                    plus.",
            full: &[
                "Ce qui est utilisé : les articles et catégories que vous regardez, vos recherches, votre panier et votre liste \
                 d’envies, ce que vous achetez, retournez et notez, et ce que vous signalez comme sans intérêt pour vous. N’est pas \
                 utilisé : ce que vous payez. Les catégories sensibles comme la santé, la religion ou la vie sexuelle ne servent jamais à apprendre quoi que ce soit.",
                "Où : dans la mémoire vive de ce téléphone. Rien n’en est enregistré durablement et rien n’en sort.",
                "Pourquoi : pour classer les recommandations et compter, sur le téléphone, lesquelles vous choisissez.",
            ],
        },
        Notice {
            title: "Mémorisé sur ce téléphone",
            short: "Ce que vous faites dans cette application est mémorisé sur ce téléphone, chiffré, pendant {retention_days} \
                    jours ou {max_events} événements, selon la limite atteinte en premier. Les recommandations sont calculées sur \
                    le téléphone. L’historique ne le quitte pas.",
            full: &[
                "Ce qui est mémorisé : les articles et catégories que vous regardez, vos recherches, votre panier et votre liste \
                 d’envies, ce que vous achetez, retournez et notez, ce que vous signalez comme sans intérêt pour vous, chaque fois \
                 avec l’heure, ainsi que les catégories que vous voulez voir davantage ou jamais. N’est pas mémorisé : ce que vous \
                 payez. Les catégories sensibles comme la santé, la religion ou la vie sexuelle ne servent jamais à apprendre quoi que ce soit.",
                "Où : dans des fichiers chiffrés sur ce téléphone. Les clés sont gardées par le trousseau sécurisé du téléphone.",
                "Combien de temps : {retention_days} jours entiers et jamais plus de {max_events} événements ; les plus anciens \
                 partent d’abord. Ce qui a fait son temps est effacé à votre prochaine utilisation de l’application. Les \
                 catégories que vous avez réglées vous-même restent jusqu’à ce que vous les changiez ou désactiviez ce réglage.",
                "Pourquoi : pour classer les recommandations et compter, sur le téléphone, lesquelles vous choisissez.",
                "Qui peut le lire : vous, dans l’application. L’application en a besoin sur le téléphone pour recommander et pour \
                 vous le montrer. Les serveurs de la boutique ne le reçoivent pas.",
                "Si votre consentement arrive à son terme, l’historique reste verrouillé et inutilisé pendant {grace_days} jours, \
                 au cas où vous accepteriez de nouveau, puis il est effacé à votre prochaine utilisation de l’application.",
            ],
        },
        Notice {
            title: "Mémorisé ici, et un peu partagé",
            short: "Comme « Mémorisé sur ce téléphone ». En plus, la boutique reçoit, au plus une fois par période de {epoch_days} jours, un \
                    rapport de {topics_per_report} thèmes généraux sur {topics}. Le hasard y intervient tellement que personne ne \
                    peut déduire avec certitude d’un rapport ce qui vous intéresse.",
            full: &[
                "Tout ce qui vaut pour « Mémorisé sur ce téléphone » vaut ici : {retention_days} jours ou {max_events} événements, \
                 chiffrés ; si votre consentement arrive à son terme, {grace_days} jours sous verrou, puis effacés. Ce que vous \
                 payez n’est pas mémorisé.",
                "Ce qui quitte le téléphone : {report_bytes} octets avec {topics_per_report} thèmes généraux sur {topics}, comme le \
                 sport ou les meubles, la liste de thèmes et la méthode utilisées, et la période de {epoch_days} jours. Aucun article, aucune recherche, aucun prix, aucun nom et aucun numéro qui désigne votre personne ou votre téléphone.",
                "Comment le hasard vous protège : l’un de vos {slots} derniers articles différents des {epoch_days} derniers jours est tiré au sort, et la présence \
                 de son thème dans le rapport est seulement plus probable, jamais certaine. Chaque rapport est au plus \
                 {max_ratio} fois plus probable pour vous que pour n’importe qui d’autre (en langage statistique : epsilon {epsilon}). Les thèmes sensibles n’y figurent jamais, et ceux qui révèlent la présence d’un bébé seulement si vous les autorisez à part.",
                "À quelle fréquence : au plus une fois par période de {epoch_days} jours et {max_reports} fois en tout ; l’ensemble des \
                 rapports ne dépasse pas epsilon {max_epsilon}. L’application peut vous montrer chaque rapport avant l’envoi.",
                "Pourquoi : pour que la boutique voie quels thèmes sont demandés par l’ensemble de ceux qui partagent. Vos propres \
                 recommandations n’en deviennent pas meilleures.",
                "Si vous le désactivez, un rapport non envoyé est abandonné. Un rapport envoyé ne peut pas être retrouvé, car rien \
                 n’y mène à vous. Le téléphone se souvient des rapports établis, afin que les limites soient respectées.",
            ],
        },
    ],
    rights: &[
        "C’est vous qui décidez : dans l’application, vous pouvez à tout moment consulter ce qui est conservé, le corriger, effacer \
         certaines choses ou tout, faire une pause ou tout désactiver. La désactivation efface l’historique aussitôt.",
        "Votre réponse vaut {consent_months} mois ({consent_days} jours) ; ensuite, la question vous est posée à nouveau. Le \
         téléphone garde un justificatif de chacune de vos {max_receipts} dernières réponses. Il ne dit rien de ce que vous avez fait, et \
         vous pouvez l’emporter.",
        "C’est facultatif et fondé sur votre consentement (article 6, paragraphe 1, point a) du RGPD). Vous pouvez le retirer aussi \
         facilement que vous l’avez donné ; ce qui a été fait jusque-là reste licite. Responsable de l’application : {shop}, \
         {contact}. Vous pouvez aussi introduire une réclamation auprès d’une autorité de protection des données.",
    ],
};
