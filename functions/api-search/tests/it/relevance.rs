//! Relevance of the results, on a catalogue with known best matches.

use super::{SearchApi, ids};

const CATALOGUE: [(&str, &str); 30] = [
    ("Blue stoneware teapot", "Holds one litre. Fired twice, safe in the dishwasher."),
    ("Cast iron teapot", "Keeps tea hot for an hour. With an enamelled inside."),
    ("Glass teapot with infuser", "See the leaves unfold."),
    ("Green tea from Uji", "A hundred grams of steamed leaves, first harvest."),
    ("Black tea, Assam", "Strong and malty. For the morning, with milk."),
    ("Herbal tea with peppermint", "Without caffeine. Dried leaves in paper bags."),
    ("Coffee beans, dark roast", "A kilogram of arabica for espresso."),
    ("Espresso machine", "Fifteen bar of pressure and a steam wand for milk."),
    ("Milk frother", "Foam for coffee in half a minute."),
    ("Porcelain coffee cup", "With a saucer. White."),
    ("Enamel camping mug", "Blue, for coffee and tea at the fire."),
    ("Running shoes for women", "Light, with a sole for the road."),
    ("Trail running shoes", "Deep tread for mud and rocks."),
    ("Leather hiking boots", "Waterproof, resoleable, made for the mountains."),
    ("Woollen hiking socks", "Merino, against blisters in boots."),
    ("Down sleeping bag", "Warm to minus ten degrees. For camping in winter."),
    ("Two person tent", "Pitched in two minutes. Under two kilograms."),
    ("Camping stove", "Burns gas, boils water for tea in three minutes."),
    ("Head torch", "Three hundred lumens and a red light."),
    ("Oak dining table", "Seats eight. Solid wood, oiled."),
    ("Oak bookshelf", "Five shelves. Needs to be fixed to the wall."),
    ("Desk lamp", "Warm light, dimmable, with a heavy foot."),
    ("Floor lamp with paper shade", "Soft light for a reading corner."),
    ("Linen table cloth", "Washed linen, natural colour."),
    ("Linen bedding", "A duvet cover and two pillow cases."),
    ("Knitting needles, bamboo", "A pair, size four."),
    ("Merino knitting wool", "Fifty grams, hand dyed in blue."),
    ("Watercolour paint set", "Twenty four colours and a brush."),
    ("Sketch book", "A hundred pages of heavy paper."),
    ("Chess set in walnut", "Board and figurines, carved by hand."),
];

/// Queries, each with the title of the expected best match.
const QUERIES: [(&str, &str); 12] = [
    ("blue teapot", "Blue stoneware teapot"),
    ("iron teapots", "Cast iron teapot"),
    ("green tea", "Green tea from Uji"),
    ("espresso machines", "Espresso machine"),
    ("coffee cup", "Porcelain coffee cup"),
    ("trail shoe", "Trail running shoes"),
    ("hiking sock", "Woollen hiking socks"),
    ("camping stove gas", "Camping stove"),
    ("oak tables", "Oak dining table"),
    ("reading lamp paper", "Floor lamp with paper shade"),
    ("wool for knitting", "Merino knitting wool"),
    ("chess board", "Chess set in walnut"),
];

#[tokio::test]
async fn best_match_comes_first_and_scores_descend() {
    let search = SearchApi::new().await;
    let mut titles = std::collections::BTreeMap::new();
    for (title, description) in CATALOGUE {
        titles.insert(search.create_product(title, description).await.to_string(), title);
    }
    for (query, expected) in QUERIES {
        let found = search.find(&format!("q={}&limit=100", query.replace(' ', "+"))).await;
        let found_titles: Vec<&str> = ids(&found).iter().map(|id| titles[id]).collect();
        assert_eq!(found_titles[0], expected, "{query}: {found_titles:?}");
        let scores: Vec<u64> = found.iter().map(|hit| hit["score"].as_u64().unwrap()).collect();
        assert!(scores.windows(2).all(|two| two[0] >= two[1]), "{query}: {scores:?}");
        assert!(scores[0] > 0);
    }
}
