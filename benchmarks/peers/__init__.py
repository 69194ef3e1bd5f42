"""The peers, each as small as honest code goes; they run in the environment of their own lock."""
