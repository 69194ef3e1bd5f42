"""Django with django-bolt's server, in Rust."""
