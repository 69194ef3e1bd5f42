"""What a request costs as users and connections become more: ``./just bench --growth``."""
