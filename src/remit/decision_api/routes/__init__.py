"""Routes of the JSON API, one module for each of `administration`'s desks. They only translate: who may do what, and
whether it makes sense, is decided there."""
