"""Pages for people, from templates/page/. Jinja, Babel and segno are loaded with the first page."""
