"""Results and trace files to text: nothing here touches a machine, prints, or reads the environment."""
